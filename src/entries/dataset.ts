/**
 * `import … from "pawprint/dataset"`: sources, packs, splits and inspection of labelled pictures.
 */
export { importSource } from "../dataset/import-source.ts";
export { inspectSource } from "../dataset/inspection/inspect-source.ts";
export { buildPack } from "../dataset/pack/build-pack.ts";
export { openSource } from "../dataset/sources/open-source.ts";
export type { Source, SourceKind, Split } from "../dataset/sources/source.ts";
