/**
 * `import … from "pawprint"`: from labelled pictures to a bundle, its evaluation and its
 * predictions.
 *
 * `train` goes from labelled pictures to a bundle; `evaluateBundle` measures one; `openPredictor`
 * predicts with one, and `explainPictures` draws why. Loading this loads no engine, no picture
 * library and no charts; the first call that needs one does.
 */
export { AppError, type ErrorCode, type ErrorKind, errorTable, isAppError } from "../base/errors.ts";
export type { FileSource as PictureSource } from "../base/files/file-source.ts";
export { createLogger, type Logger, silentLogger } from "../base/logger.ts";
export { type Progress, type ProgressHandle, type ProgressTask, silentProgress } from "../base/progress.ts";
export type { BundleInfo, Lineage } from "../bundle/bundle.ts";
export type { BundleFile } from "../bundle/bundle-file.ts";
export type { BundleInput, LoadedBundle } from "../bundle/load-bundle.ts";
export type { Evaluation } from "../metrics/classification-metrics.ts";
export type { BatchReport } from "../predict/batch/batch-predict.ts";
export type { FilePrediction } from "../predict/predict-files.ts";
export type { Prediction } from "../predict/prediction.ts";
export type { Predictor } from "../predict/predictor.ts";
export {
  compareProject,
  type InitializedProject,
  initProject,
  type ProjectDifference,
} from "../project/init-project.ts";
export type { ProjectValues } from "../project/project-files.ts";
export type { ModelVersion } from "../registry/model-registry.ts";
export type { EpochMetrics } from "../train/fit/fit-options.ts";
export type { TrainSettings } from "../train/plan/train-config.ts";
export type { QuantizationReport } from "../train/quantization/quantize-bundle.ts";
export type { TrainEvent } from "../train/train.ts";
export type { TrainingRun } from "../train/training-run.ts";
export type { FetchBackboneOptions, FetchedBackbone } from "../train/transfer/fetch-backbone.ts";
export type { BackboneInspection, InspectBackboneOptions } from "../train/transfer/inspect-backbone.ts";
export type { BundleArgument } from "../wire/bundle-argument.ts";
export {
  batchPredict,
  evaluateBundle,
  explainPictures,
  fetchBackbone,
  type InspectedBundle,
  inspectBackbone,
  inspectBundle,
  loadBundle,
  openPredictor,
  prepareTraining,
  previewAugmentation,
  quantizeBundle,
  renderEvaluationReport,
  renderTrainingReport,
  train,
} from "../wire/library.ts";
export type { BatchOptions } from "../wire/options/predict-options.ts";
export type { QuantizeOptions } from "../wire/options/quantize-options.ts";
export type { RecordedRun, TrackingOptions, TrainOptions, TrainReport } from "../wire/recording.ts";
