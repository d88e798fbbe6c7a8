export * from "./rounds.ts";
export * from "./run-sweep.ts";
export * from "./sweep-config.ts";
export * from "./trial.ts";
