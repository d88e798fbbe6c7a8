/**
 * `import … from "pawprint"`: from labelled pictures to a bundle, its evaluation and its
 * predictions.
 *
 * `train` goes from labelled pictures to a bundle; `evaluateBundle` measures one; `openPredictor`
 * predicts with one.
 */
export { AppError, type ErrorCode, type ErrorKind, errorTable, isAppError } from "../base/errors.ts";
export { createLogger, type Logger, silentLogger } from "../base/logger.ts";
export { type Progress, type ProgressHandle, type ProgressTask, silentProgress } from "../base/progress.ts";
export type { BundleInfo, Lineage } from "../bundle/bundle.ts";
export { type LoadedBundle, loadBundle } from "../bundle/load-bundle.ts";
export type { Evaluation } from "../metrics/classification-metrics.ts";
export { openPredictor, type Prediction, type Predictor } from "../predict/predictor.ts";
export { evaluateBundle } from "../train/evaluation/evaluate-bundle.ts";
export type { EpochMetrics } from "../train/fit/fit-options.ts";
export { type TrainSettings, trainConfigSchema } from "../train/plan/train-config.ts";
export { type TrainEvent, type TrainOptions, type TrainReport, train } from "../train/train.ts";
