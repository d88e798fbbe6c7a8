/** The library as programs and commands call it: the functions below, with their engines. */
import type { BundleFile } from "../bundle/bundle-file.ts";
import type { BundleInput, LoadedBundle } from "../bundle/load-bundle.ts";
import type { Inspection } from "../dataset/inspection/findings/findings.ts";
import type {
  ExplainedPicture,
  ExplainPicturesOptions,
  UnexplainedPicture,
} from "../predict/explain/explain-pictures.ts";
import type { Predictor, PredictorOptions } from "../predict/predictor.ts";
import type { DatasetReportOptions } from "../report/dataset/dataset-report.ts";
import type { EvaluationReportOptions } from "../report/evaluation/evaluation-report.ts";
import type { EvaluationFacts } from "../report/evaluation/facts.ts";
import type { Executor } from "../runtime/executor.ts";
import type { PawprintServer, ServerOptions } from "../server/create-server.ts";
import type { BundleEvaluation, EvaluateBundleOptions } from "../train/evaluation/evaluate-bundle.ts";
import type { AugmentationPreview, AugmentationPreviewOptions } from "../train/pictures/augmentation-preview.ts";
import type { PreparedTraining, PrepareTrainingOptions } from "../train/prepare-training.ts";
import type { TrainOptions, TrainReport } from "../train/train.ts";
import { predictionEngine, serviceEngine, trainingEngine } from "./engines.ts";
import type { TrainingReportOptions } from "./reports.ts";

/**
 * Options whose engine is chosen here: `threads` (one for each core unless given) or an executor.
 */
export type WithEngine<O extends { readonly executor: Executor }> = Omit<O, "executor"> & {
  readonly executor?: Executor;
  readonly threads?: number;
};

async function withTrainingEngine<O extends { readonly executor: Executor }>({
  executor,
  threads,
  ...options
}: WithEngine<O>) {
  const engine = executor ?? (await trainingEngine(threads === undefined ? {} : { threads }));
  return { ...options, executor: engine };
}

/** See `train` in `train/train.ts`. */
export async function train(options: WithEngine<TrainOptions>): Promise<TrainReport> {
  const { train: run } = await import("../train/train.ts");
  return run(await withTrainingEngine<TrainOptions>(options));
}

/** See `prepareTraining` in `train/prepare-training.ts`. */
export async function prepareTraining(options: WithEngine<PrepareTrainingOptions>): Promise<PreparedTraining> {
  const { prepareTraining: run } = await import("../train/prepare-training.ts");
  return run(await withTrainingEngine<PrepareTrainingOptions>(options));
}

/** See `previewAugmentation` in `train/pictures/augmentation-preview.ts`. */
export async function previewAugmentation(
  options: WithEngine<AugmentationPreviewOptions>,
): Promise<AugmentationPreview> {
  const { previewAugmentation: run } = await import("../train/pictures/augmentation-preview.ts");
  return run(await withTrainingEngine<AugmentationPreviewOptions>(options));
}

/** See `loadBundle` in `bundle/load-bundle.ts`. */
export async function loadBundle(input: BundleInput, executor?: Executor): Promise<LoadedBundle> {
  const { loadBundle: load } = await import("../bundle/load-bundle.ts");
  return load(input, executor ?? (await predictionEngine()));
}

/** See `openPredictor` in `predict/predictor.ts`. */
export async function openPredictor(input: BundleInput, options: Partial<PredictorOptions> = {}): Promise<Predictor> {
  const { openPredictor: open } = await import("../predict/predictor.ts");
  return open(input, { ...options, executor: options.executor ?? (await predictionEngine()) });
}

/** See `inspectBundle` in `bundle/bundle-file.ts`. */
export async function inspectBundle(path: string, name?: string): Promise<BundleFile> {
  const { inspectBundle: inspect } = await import("../bundle/bundle-file.ts");
  return inspect(path, name);
}

/** See `evaluateBundle` in `train/evaluation/evaluate-bundle.ts`. */
export async function evaluateBundle(options: EvaluateBundleOptions): Promise<BundleEvaluation> {
  const { evaluateBundle: evaluate } = await import("../train/evaluation/evaluate-bundle.ts");
  return evaluate(options);
}

/** See `explainPictures` in `predict/explain/explain-pictures.ts`. */
export async function* explainPictures(
  input: BundleInput,
  paths: readonly string[],
  options: Partial<ExplainPicturesOptions> = {},
): AsyncGenerator<ExplainedPicture | UnexplainedPicture, void, undefined> {
  const { explainPictures: explain } = await import("../predict/explain/explain-pictures.ts");
  yield* explain(input, paths, { ...options, executor: options.executor ?? (await predictionEngine()) });
}

/** See `renderEvaluationReport` in `report/evaluation/evaluation-report.ts`. */
export async function renderEvaluationReport(
  facts: EvaluationFacts,
  options: EvaluationReportOptions,
): Promise<string> {
  const { renderEvaluationReport: render } = await import("../report/evaluation/evaluation-report.ts");
  return render(facts, options);
}

/** See `renderTrainingReport` in `wire/reports.ts`. */
export async function renderTrainingReport(
  trained: TrainReport,
  options: TrainingReportOptions & { readonly executor?: Executor } = {},
): Promise<string> {
  const { renderTrainingReport: render } = await import("./reports.ts");
  return render(trained, { ...options, executor: options.executor ?? (await predictionEngine()) });
}

/** See `renderDatasetReport` in `report/dataset/dataset-report.ts`. */
export async function renderDatasetReport(inspection: Inspection, options: DatasetReportOptions): Promise<string> {
  const { renderDatasetReport: render } = await import("../report/dataset/dataset-report.ts");
  return render(inspection, options);
}

/** See `createServer` in `server/create-server.ts`. */
export async function createServer(options: ServerOptions): Promise<PawprintServer> {
  const [{ createServer: create }] = await Promise.all([
    import("../server/create-server.ts"),
    // At hand before the HTTP libraries load, so that the engine starts beside them.
    import("../runtime/worker-executor.ts"),
  ]);
  return create(options, { prediction: serviceEngine, explanation: predictionEngine });
}
