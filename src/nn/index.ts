/** What the floors above may use of the networks. */
export * from "./architectures/index.ts";
export * from "./augment/index.ts";
export * from "./inference-graph.ts";
export * from "./initializers.ts";
export * from "./layers.ts";
export * from "./layout.ts";
export * from "./picture-input.ts";
export * from "./scope.ts";
