/** What the rooms above may use of the base. */
export * from "./atomic-file.ts";
export * from "./cancel.ts";
export * from "./config.ts";
export { type ConfigLeaf, configLeaves, describeSchema } from "./config-schema.ts";
export * from "./cpu-limit.ts";
export * from "./deferred.ts";
export { type Download, type DownloadOptions, downloadFile } from "./download.ts";
export * from "./errors.ts";
export { readFailure, systemCodeOf, writeFailure } from "./file-failure.ts";
export * from "./freeze.ts";
export * from "./hash.ts";
export * from "./lock-file.ts";
export * from "./logger.ts";
export * from "./nearest.ts";
export * from "./parse-text.ts";
export * from "./progress.ts";
export * from "./quantity.ts";
export * from "./random.ts";
