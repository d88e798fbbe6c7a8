/** What others may use of packs. */
export * from "./build-pack.ts";
export * from "./loader.ts";
export { indicesOf, type Pack, readPixels, type SplitOptions, splitsHash } from "./pack.ts";
export { memoryStore, type PixelStore } from "./pixel-store.ts";
