/** What the floors above may use of training. */

export * from "./augmentation-preview.ts";
export * from "./checkpoint/checkpoint.ts";
export * from "./evaluation/evaluate-bundle.ts";
export * from "./fit/evaluate.ts";
export * from "./fit/fit.ts";
export { DivergenceError } from "./fit/fit-errors.ts";
export * from "./fit/fit-options.ts";
export * from "./fit/schedule.ts";
export * from "./model.ts";
export * from "./pipeline.ts";
export { type AugmentationPlan, planAugmentation } from "./plan/augmentation-plan.ts";
export * from "./plan/train-config.ts";
export * from "./plan/train-plan.ts";
export * from "./step/optimizer.ts";
export * from "./step/step.ts";
export * from "./step/step-runner.ts";
