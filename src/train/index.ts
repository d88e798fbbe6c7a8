/** What the rooms above may use of training. */
export { type AugmentationPlan, planAugmentation } from "./augmentation-plan.ts";
export * from "./augmentation-preview.ts";
export * from "./checkpoint.ts";
export * from "./classification-metrics.ts";
export * from "./evaluate.ts";
export * from "./evaluate-bundle.ts";
export * from "./fit.ts";
export { DivergenceError } from "./fit-errors.ts";
export * from "./fit-options.ts";
export * from "./model.ts";
export * from "./optimizer.ts";
export * from "./pipeline.ts";
export * from "./schedule.ts";
export * from "./step.ts";
export * from "./step-runner.ts";
export * from "./train-config.ts";
export * from "./train-plan.ts";
