/** Every op that works element by element. */
export * from "./activation.ts";
export * from "./arithmetic.ts";
export * from "./comparison.ts";
