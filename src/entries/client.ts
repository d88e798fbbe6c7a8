/**
 * `import … from "pawprint/client"`: the typed client of a Pawprint service; runs in browsers too.
 */
export { AppError, isAppError } from "../base/errors.ts";
export type { FileSource as PictureSource } from "../base/files/file-source.ts";
export { ApiError } from "../server/client/api-error.ts";
export {
  type ApiClient,
  type ClientOptions,
  createClient,
  type PredictCallOptions,
  type ServedHeatMap,
  type ServedPrediction,
} from "../server/client/client.ts";
