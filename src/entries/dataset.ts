/**
 * `import … from "pawprint/dataset"`: sources, packs, splits and inspection of labelled pictures.
 *
 * `openSource` takes a location, `inspectSource` finds what is wrong with it, `importSource` copies
 * it into a folder, `buildPack` decodes and splits it, `batches` reads the pack.
 */

// Sources
export type { ImportOptions, ImportReport } from "../dataset/import-source.ts";
// Inspection
export {
  type ClassFacts,
  type Finding,
  type FindingKind,
  findingTable,
  type Inspection,
  type PictureFacts,
  type Severity,
} from "../dataset/inspection/findings/findings.ts";
export { defaultThresholds, type InspectionThresholds } from "../dataset/inspection/findings/thresholds.ts";
export type { InspectOptions } from "../dataset/inspection/inspect-source.ts";
export type {
  QuarantineOptions,
  QuarantineReport,
} from "../dataset/inspection/quarantine/quarantine.ts";
export type {
  RestoreOptions,
  RestoreReport,
} from "../dataset/inspection/quarantine/restore-quarantine.ts";
export type { ScannedSource, ScanOptions } from "../dataset/inspection/scan/scan-source.ts";
export type { ThumbnailOptions } from "../dataset/inspection/scan/thumbnails.ts";
export { type DatasetStatistics, summarizePictures } from "../dataset/inspection/statistics.ts";
// Packs
export type { PackOptions } from "../dataset/pack/build-pack.ts";
export { type Batch, type BatchOptions, batches, createBatch } from "../dataset/pack/loader.ts";
export { indicesOf, type Pack, readPixels, type SplitOptions } from "../dataset/pack/pack.ts";
export type { PixelStore } from "../dataset/pack/pixel-store.ts";
export {
  type FetchedSet,
  type FetchOptions,
  type PublicSet,
  publicSets,
} from "../dataset/public-sets.ts";
export {
  type FileSample,
  type PixelSample,
  type Sample,
  type SkippedPicture,
  type Source,
  type SourceKind,
  type Split,
  splits,
} from "../dataset/sources/source.ts";
// Splits
export {
  assignSplits,
  defaultProportions,
  type Fold,
  type Proportions,
  planSplits,
  type SplitPicture,
  type SplitPlan,
} from "../dataset/split.ts";
export type { PixelImage } from "../image/decode.ts";
export type { Recipe, RecipeFit, RecipeKernel } from "../image/recipe.ts";
// Functions that take options
export {
  buildPack,
  fetchPublicSet,
  importSource,
  inspectSource,
  makeThumbnails,
  openPack,
  openSource,
  quarantine,
  restoreQuarantine,
  scanSource,
} from "../wire/dataset.ts";
// Reports
export { renderDatasetReport } from "../wire/library.ts";
