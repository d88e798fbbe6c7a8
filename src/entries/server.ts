/** `import … from "pawprint/server"`: a bundle as an HTTP service inside a program of one's own. */

export { smokeTest } from "../server/client/smoke-test.ts";
export { contract, routes } from "../server/contract/contract.ts";
export type { RouteId } from "../server/contract/endpoints.ts";
export { openApiDocument } from "../server/contract/openapi.ts";
export type { PawprintServer, ServerOptions } from "../server/create-server.ts";
export { addKey, readKeys, revokeKey } from "../server/security/key-file.ts";
export { type ServeConfig, serveConfigSchema } from "../server/serve-config.ts";
export { createServer } from "../wire/library.ts";
