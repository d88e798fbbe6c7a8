/** The op table, complete: importing this file defines every op. */
export * from "./conv.ts";
export * from "./elementwise.ts";
export * from "./linear.ts";
export * from "./loss.ts";
export * from "./movement.ts";
export * from "./norm.ts";
export * from "./pooling.ts";
export * from "./reduction.ts";
