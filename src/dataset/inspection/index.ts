/** What the floors above may use of inspection. */
export * from "./findings.ts";
export { type InspectOptions, inspectSource } from "./inspect-source.ts";
export {
  fixedKinds,
  type QuarantineOptions,
  type QuarantineReport,
  quarantine,
  requireFolderSource,
  restoreCommand,
} from "./quarantine.ts";
export type { QuarantineEntry } from "./quarantine-log.ts";
export { type RestoreOptions, type RestoreReport, restoreQuarantine } from "./restore-quarantine.ts";
export { type ScannedSource, type ScanOptions, scanSource } from "./scan-source.ts";
export { type DatasetStatistics, summarizePictures } from "./statistics.ts";
export * from "./thresholds.ts";
export { makeThumbnails, type ThumbnailOptions } from "./thumbnails.ts";
