/** What the floors above may use of pictures. */
export * from "./decode.ts";
export * from "./format.ts";
export * from "./in-parallel.ts";
export * from "./perceptual-hash.ts";
export * from "./recipe.ts";

export * from "./sample-pictures.ts";
