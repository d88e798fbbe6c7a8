/**
 * `import … from "pawprint/dataset"`: sources, packs, splits and inspection of labelled pictures.
 */
export { importSource } from "../dataset/import-source.ts";
export { inspectSource } from "../dataset/inspection/inspect-source.ts";
export { quarantine } from "../dataset/inspection/quarantine/quarantine.ts";
export { restoreQuarantine } from "../dataset/inspection/quarantine/restore-quarantine.ts";
export { scanSource } from "../dataset/inspection/scan/scan-source.ts";
export { makeThumbnails } from "../dataset/inspection/scan/thumbnails.ts";
export { summarizePictures } from "../dataset/inspection/statistics.ts";
export { buildPack } from "../dataset/pack/build-pack.ts";
export { fetchPublicSet, publicSets } from "../dataset/public-sets.ts";
export { openSource } from "../dataset/sources/open-source.ts";
export type { Source, SourceKind, Split } from "../dataset/sources/source.ts";
export { renderDatasetReport } from "../wire/library.ts";
