/** What the rooms above may use of the datasets' room. */
export * from "./inspect.ts";
export * from "./loader.ts";
export * from "./pack.ts";
export { openSource } from "./sources/open-source.ts";
export * from "./sources/source.ts";
export * from "./split.ts";
