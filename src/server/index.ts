/** What the floors above may use of the service. */
export { type ApiClient, ApiError, createClient } from "./client.ts";
export { contract, type RouteId, routes } from "./contract/index.ts";
export { createServer, type PawprintServer, type ServerOptions } from "./create-server.ts";
export { openApiDocument } from "./openapi.ts";
export { type ServeConfig, serveConfigSchema } from "./serve-config.ts";
