/** The op table, complete: importing this file defines every op. */
export * from "./convolution/conv.ts";
export * from "./elementwise/elementwise.ts";
export * from "./layer-norm.ts";
export * from "./linear.ts";
export * from "./loss.ts";
export * from "./movement/movement.ts";
export * from "./norm.ts";
export * from "./pooling/pooling.ts";
export * from "./quantization.ts";
export * from "./reduction.ts";
