/**
 * The library as programs and commands call it: the functions below, with their engines. Each
 * checks its options when it is called (CONFIG_INVALID, CONFIG_UNKNOWN_KEY): `wire/options/`.
 */
import type { TObject } from "typebox";
import { cpuLimit } from "../base/machine/cpu-limit.ts";
import type { BundleFile } from "../bundle/bundle-file.ts";
import type { BundleInput, LoadedBundle } from "../bundle/load-bundle.ts";
import type { Inspection } from "../dataset/inspection/findings/findings.ts";
import type { BatchReport } from "../predict/batch/batch-predict.ts";
import type {
  ExplainedPicture,
  ExplainPicturesOptions,
  UnexplainedPicture,
} from "../predict/explain/explain-pictures.ts";
import type { Predictor, PredictorOptions } from "../predict/predictor.ts";
import type { ModelVersion } from "../registry/model-registry.ts";
import type { ResolvedBundle } from "../registry/resolve-bundle.ts";
import type { DatasetReportOptions } from "../report/dataset/dataset-report.ts";
import type { EvaluationReportOptions } from "../report/evaluation/evaluation-report.ts";
import type { EvaluationFacts } from "../report/evaluation/facts.ts";
import type { EngineOptions, Executor } from "../runtime/executor.ts";
import type { PawprintServer, ServerOptions } from "../server/create-server.ts";
import type { BundleEvaluation } from "../train/evaluation/evaluate-bundle.ts";
import type { AugmentationPreview, AugmentationPreviewOptions } from "../train/pictures/augmentation-preview.ts";
import type { PreparedTraining, PrepareTrainingOptions } from "../train/prepare-training.ts";
import type { QuantizationReport } from "../train/quantization/quantize-bundle.ts";
import type { FetchBackboneOptions, FetchedBackbone } from "../train/transfer/fetch-backbone.ts";
import type { BackboneInspection, InspectBackboneOptions } from "../train/transfer/inspect-backbone.ts";
import type { BundleArgument } from "./bundle-argument.ts";
import { plainEngine, predictionEngine, serviceEngine, trainingEngine, type WithEngine } from "./engines.ts";
import type { BatchOptions } from "./options/predict-options.ts";
import type { QuantizeOptions } from "./options/quantize-options.ts";
import type { EvaluateBundleOptions, TrainOptions, TrainReport } from "./recording.ts";
import type { TrainingReportOptions } from "./reports.ts";

type Engine = (options?: EngineOptions) => Promise<Executor>;

/** The options of a call, checked, with the engine that it needs. */
async function withEngine<O extends { readonly executor: Executor }>(
  schema: TObject,
  given: WithEngine<O> | undefined,
  call: string,
  engine: Engine,
): Promise<O> {
  const { readOptions } = await import("../base/schema/options.ts");
  const { executor, threads, ...options } = readOptions<WithEngine<O>>(schema, given, call);
  const chosen = executor ?? (await engine(threads === undefined ? {} : { threads }));
  return { ...options, executor: chosen } as unknown as O; // O is what WithEngine<O> was made of
}

async function withoutEngine<O extends object>(schema: TObject, given: O | undefined, call: string): Promise<O> {
  const { readOptions } = await import("../base/schema/options.ts");
  return readOptions<O>(schema, given, call);
}

/** See `train` in `train/train.ts`; with `tracking`, `trainRecorded` in `wire/recording.ts`. */
export async function train(options: WithEngine<TrainOptions>): Promise<TrainReport> {
  const [{ trainOptions }, { readTracking }] = await Promise.all([
    import("./options/train-options.ts"),
    import("./options/recording-options.ts"),
  ]);
  const checked = await withEngine<TrainOptions>(trainOptions, options, "train", trainingEngine);
  const { tracking: given, ...plain } = checked;
  const tracking = readTracking(given, "train");
  if (tracking === undefined) {
    const { train: run } = await import("../train/train.ts");
    return run(plain);
  }
  const { trainRecorded } = await import("./recording.ts");
  return trainRecorded(plain, tracking);
}

/** See `prepareTraining` in `train/prepare-training.ts`. */
export async function prepareTraining(options: WithEngine<PrepareTrainingOptions>): Promise<PreparedTraining> {
  const { prepareTrainingOptions: schema } = await import("./options/train-options.ts");
  const checked = await withEngine<PrepareTrainingOptions>(schema, options, "prepareTraining", trainingEngine);
  const { prepareTraining: run } = await import("../train/prepare-training.ts");
  return run(checked);
}

/** See `previewAugmentation` in `train/pictures/augmentation-preview.ts`. */
export async function previewAugmentation(
  options: WithEngine<AugmentationPreviewOptions>,
): Promise<AugmentationPreview> {
  const { previewOptions: schema } = await import("./options/train-options.ts");
  const checked = await withEngine<AugmentationPreviewOptions>(schema, options, "previewAugmentation", trainingEngine);
  const { previewAugmentation: run } = await import("../train/pictures/augmentation-preview.ts");
  return run(checked);
}

async function bundleInput(given: BundleArgument): Promise<BundleInput | ResolvedBundle> {
  const { readBundleArgument } = await import("./bundle-argument.ts");
  return readBundleArgument(given);
}

/** See `loadBundle` in `bundle/load-bundle.ts`. */
export async function loadBundle(bundle: BundleArgument, executor?: Executor): Promise<LoadedBundle> {
  const input = await bundleInput(bundle);
  const { loadBundle: load } = await import("../bundle/load-bundle.ts");
  return load(input, executor ?? (await predictionEngine()));
}

/** See `openPredictor` in `predict/predictor.ts`. */
export async function openPredictor(
  bundle: BundleArgument,
  options?: WithEngine<PredictorOptions>,
): Promise<Predictor> {
  const { predictorOptions: schema } = await import("./options/predict-options.ts");
  const input = await bundleInput(bundle);
  const checked = await withEngine<PredictorOptions>(schema, options, "openPredictor", predictionEngine);
  const { openPredictor: open } = await import("../predict/predictor.ts");
  return open(input, checked);
}

/**
 * See `batchPredict` in `predict/batch/batch-predict.ts`. The engine has a thread of its own, so that the
 * next pictures are read and decoded while it computes.
 */
export async function batchPredict(options: BatchOptions): Promise<BatchReport> {
  const { batchOptions: schema } = await import("./options/predict-options.ts");
  const { readOptions } = await import("../base/schema/options.ts");
  const { executor, threads, model, ...checked } = readOptions<BatchOptions>(schema, options, "batchPredict");
  const input = await bundleInput(model);
  const engine = executor ?? (await serviceEngine({ threads: threads ?? cpuLimit() }));
  const { batchPredict: predict } = await import("../predict/batch/batch-predict.ts");
  return predict({ ...checked, model: input, executor: engine });
}

/** See `inspectBundle` in `bundle/bundle-file.ts`. */
export async function inspectBundle(bundle: BundleArgument, name?: string): Promise<InspectedBundle> {
  const input = await bundleInput(bundle);
  const { inspectBundle: inspect } = await import("../bundle/bundle-file.ts");
  const file = await inspect(input, name);
  return "version" in input && input.version ? { ...file, registered: input.version } : file;
}

/** A bundle's file; of an address of a registered model, what the registry says of the version, too. */
export interface InspectedBundle extends BundleFile {
  readonly registered?: ModelVersion;
}

/** See `evaluateBundle` in `train/evaluation/evaluate-bundle.ts`, and `recordEvaluated` for `tracking`. */
export async function evaluateBundle(options: EvaluateBundleOptions): Promise<BundleEvaluation> {
  const [{ evaluateBundleOptions: schema }, { readTracking }] = await Promise.all([
    import("./options/evaluate-options.ts"),
    import("./options/recording-options.ts"),
  ]);
  const { tracking: given, ...plain } = await withoutEngine(schema, options, "evaluateBundle");
  const tracking = readTracking(given, "evaluateBundle");
  const { evaluateBundle: evaluate } = await import("../train/evaluation/evaluate-bundle.ts");
  const evaluation = await evaluate(plain);
  if (tracking !== undefined) {
    const { recordEvaluated } = await import("./evaluation-recording.ts");
    await recordEvaluated({ info: plain.bundle.info, data: plain.data, evaluation }, tracking, plain);
  }
  return evaluation;
}

/** See `quantizeBundle` in `train/quantization/quantize-bundle.ts`. The engine is that of predictions. */
export async function quantizeBundle(options: QuantizeOptions): Promise<QuantizationReport> {
  const { quantizeOptions: schema } = await import("./options/quantize-options.ts");
  const { readOptions } = await import("../base/schema/options.ts");
  const { executor, threads, bundle, ...checked } = readOptions<QuantizeOptions>(schema, options, "quantizeBundle");
  const input = await bundleInput(bundle);
  const limits = threads === undefined ? {} : { threads };
  const engine = executor ?? (await predictionEngine(limits));
  const plain = await plainEngine(limits);
  const { quantizeBundle: quantize } = await import("../train/quantization/quantize-bundle.ts");
  return quantize({ ...checked, bundle: input, executor: engine, plainExecutor: plain });
}

/** See `explainPictures` in `predict/explain/explain-pictures.ts`. */
export async function* explainPictures(
  bundle: BundleArgument,
  paths: string | readonly string[],
  options?: WithEngine<ExplainPicturesOptions>,
): AsyncGenerator<ExplainedPicture | UnexplainedPicture, void, undefined> {
  const { explainOptions: schema } = await import("./options/predict-options.ts");
  const input = await bundleInput(bundle);
  const checked = await withEngine<ExplainPicturesOptions>(schema, options, "explainPictures", predictionEngine);
  const { requirePaths } = await import("../predict/predict-files.ts");
  const { explainPictures: explain } = await import("../predict/explain/explain-pictures.ts");
  yield* explain(input, requirePaths(paths), checked);
}

/** See `fetchBackbone` in `train/transfer/fetch-backbone.ts`. */
export async function fetchBackbone(what: string, options?: FetchBackboneOptions): Promise<FetchedBackbone> {
  const { fetchBackboneOptions: schema } = await import("./options/backbone-options.ts");
  const checked = await withoutEngine(schema, options, "fetchBackbone");
  const { fetchBackbone: fetch } = await import("../train/transfer/fetch-backbone.ts");
  return fetch(what, checked);
}

/** See `inspectBackbone` in `train/transfer/inspect-backbone.ts`. */
export async function inspectBackbone(path: string, options?: InspectBackboneOptions): Promise<BackboneInspection> {
  const { inspectBackboneOptions: schema } = await import("./options/backbone-options.ts");
  const checked = await withoutEngine(schema, options, "inspectBackbone");
  const { inspectBackbone: inspect } = await import("../train/transfer/inspect-backbone.ts");
  return inspect(path, checked);
}

/** See `renderEvaluationReport` in `report/evaluation/evaluation-report.ts`. */
export async function renderEvaluationReport(
  facts: EvaluationFacts,
  options: EvaluationReportOptions,
): Promise<string> {
  const { evaluationReportOptions: schema } = await import("./options/report-options.ts");
  const checked = await withoutEngine(schema, options, "renderEvaluationReport");
  const { renderEvaluationReport: render } = await import("../report/evaluation/evaluation-report.ts");
  return render(facts, checked);
}

/** See `renderTrainingReport` in `wire/reports.ts`. */
export async function renderTrainingReport(
  trained: TrainReport,
  options?: WithEngine<TrainingReportOptions & { readonly executor: Executor }>,
): Promise<string> {
  const { trainingReportOptions: schema } = await import("./options/report-options.ts");
  const checked = await withEngine<TrainingReportOptions & { readonly executor: Executor }>(
    schema,
    options,
    "renderTrainingReport",
    predictionEngine,
  );
  const { renderTrainingReport: render } = await import("./reports.ts");
  return render(trained, checked);
}

/** See `renderDatasetReport` in `report/dataset/dataset-report.ts`. */
export async function renderDatasetReport(inspection: Inspection, options: DatasetReportOptions): Promise<string> {
  const { datasetReportOptions: schema } = await import("./options/report-options.ts");
  const checked = await withoutEngine(schema, options, "renderDatasetReport");
  const { renderDatasetReport: render } = await import("../report/dataset/dataset-report.ts");
  return render(inspection, checked);
}

/**
 * See `createServer` in `server/create-server.ts`. `model`, `canary` and `challenger` may be addresses
 * of registered and logged models (`models:/NAME@ALIAS`) in the store at `trackingUri` (unless given:
 * MLFLOW_TRACKING_URI, else `runs`): the service follows the alias; or URLs with a bundle's SHA-256
 * (`https://HOST/NAME.onnx#sha256=HEX`), which are kept in `.pawprint/bundles`.
 */
export async function createServer({
  trackingUri,
  ...options
}: ServerOptions & { readonly trackingUri?: string }): Promise<PawprintServer> {
  const { createServerAt } = await import("./service.ts");
  return createServerAt(options, async () => (await import("./registered-bundles.ts")).libraryAccess(trackingUri));
}
