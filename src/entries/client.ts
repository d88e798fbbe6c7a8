/**
 * `import … from "pawprint/client"`: the typed client of a Pawprint service; runs in browsers too.
 */
export { type ApiClient, ApiError, createClient } from "../server/client/client.ts";
