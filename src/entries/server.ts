/** `import … from "pawprint/server"`: a bundle as an HTTP service inside a program of one's own. */
export { contract, routes } from "../server/contract/contract.ts";
export type { RouteId } from "../server/contract/endpoints.ts";
export type { PawprintServer, ServerOptions } from "../server/create-server.ts";
export { openApiDocument } from "../server/openapi.ts";
export { addKey, readKeys, revokeKey } from "../server/security/key-file.ts";
export { type ServeConfig, serveConfigSchema } from "../server/serve-config.ts";
export { smokeTest } from "../server/smoke-test.ts";
export { createServer } from "../wire/library.ts";
