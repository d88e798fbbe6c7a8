/** What the floors above may use of the registry. */
export * from "./bundle.ts";
export * from "./bundle-source.ts";
export * from "./export-bundle.ts";
export * from "./load-bundle.ts";
export { parityTolerance } from "./parity.ts";
