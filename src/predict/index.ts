/** What the floors above may use of prediction. */
export * from "./explain.ts";
export * from "./list-pictures.ts";
export * from "./prediction-formats.ts";
export * from "./predictor.ts";
