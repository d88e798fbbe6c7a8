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
export type { LoadedBundle } from "../bundle/load-bundle.ts";
export type { Evaluation } from "../metrics/classification-metrics.ts";
export type { PictureInput } from "../predict/picture-input.ts";
export type { Prediction } from "../predict/prediction.ts";
export type { FilePrediction, Predictor } from "../predict/predictor.ts";
export { evaluateBundle } from "../train/evaluation/evaluate-bundle.ts";
export type { EpochMetrics } from "../train/fit/fit-options.ts";
export { type TrainSettings, trainConfigSchema } from "../train/plan/train-config.ts";
export type { TrainEvent, TrainOptions, TrainReport } from "../train/train.ts";
export type { TrainingRun } from "../train/training-run.ts";
export { loadBundle, openPredictor, train } from "../wire/library.ts";
