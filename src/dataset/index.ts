/** What the floors above may use of datasets. */
export * from "./import-source.ts";
export * from "./inspect.ts";
export * from "./inspection/index.ts";
export * from "./near-duplicates.ts";
export * from "./pack/index.ts";
export * from "./public-sets.ts";
export { openSource } from "./sources/open-source.ts";
export * from "./sources/source.ts";
export * from "./split.ts";
