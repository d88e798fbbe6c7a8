/** The one call behind `pawprint train`: labelled pictures in, a checked bundle out. */
import { dirname } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import { ensureFolder } from "../base/files/atomic-file.ts";
import { silentLogger } from "../base/logger.ts";
import { silentProgress } from "../base/progress.ts";
import type { Lineage } from "../bundle/bundle.ts";
import type { BundleFile } from "../bundle/bundle-file.ts";
import { withEmbedding } from "../bundle/embedding.ts";
import { exportBundle, requireFreePath } from "../bundle/export-bundle.ts";
import { runProgram } from "../bundle/load-bundle.ts";
import { type DatasetSummary, summarize } from "../dataset/dataset-summary.ts";
import { indicesOf, type Pack, splitsHash } from "../dataset/pack/pack.ts";
import type { SourceKind } from "../dataset/sources/source.ts";
import type { Evaluation } from "../metrics/classification-metrics.ts";
import { buildInferenceGraph } from "../nn/inference-graph.ts";
import { bundleHistory } from "./bundle-history.ts";
import { checkpointFolderOf, newestRun } from "./checkpoint/checkpoint-folder.ts";
import { type ResumableFitResult, resumableFit, withWayToResume } from "./checkpoint/resumable-fit.ts";
import { type CalibratedEvaluation, evaluateCalibrated, evaluatedSplit } from "./evaluation/calibrated-evaluation.ts";
import { measureReference } from "./evaluation/measure-reference.ts";
import type { EpochMetrics, EpochReport, FitResult } from "./fit/fit-options.ts";
import type { PackedVersion } from "./pictures/prepare-pack.ts";
import type { Choice } from "./plan/choice.ts";
import type { PicturePlan } from "./plan/picture-plan.ts";
import type { StepPlan } from "./plan/step-plan.ts";
import { type PreparedTraining, type PrepareTrainingOptions, prepareTraining } from "./prepare-training.ts";
import type { Recorder } from "./recording/recorder.ts";
import { createTrainingRun, type TrainingRun } from "./training-run.ts";

/** The progress of a training, in this order; `epoch` once for each. */
export type TrainEvent =
  | { readonly type: "opened"; readonly kind: SourceKind; readonly location: string; readonly plan: PicturePlan }
  | { readonly type: "packed"; readonly summary: DatasetSummary; readonly plan: StepPlan }
  | { readonly type: "started"; readonly run: TrainingRun }
  /** How long the training is, where that is known before it, and then the evaluation; estimates. */
  | { readonly type: "estimated"; readonly trainingMs: number | undefined; readonly evaluationMs: number }
  /** `evaluationMs` is what the evaluation after the training will take; an estimate. */
  | ({ readonly type: "epoch"; readonly evaluationMs: number } & EpochReport)
  | { readonly type: "trained"; readonly end: FitResult["end"]; readonly bestEpoch: number }
  | { readonly type: "evaluated"; readonly evaluation: Evaluation };

export interface TrainOptions extends PrepareTrainingOptions {
  /** The bundle's file. */
  readonly out: string;
  /** Replace a bundle that is there, and delete its checkpoints. */
  readonly force?: boolean;
  /** Resume the training whose checkpoints are beside `out`; it keeps its run. */
  readonly resume?: boolean;
  /** What a new training is called; its parts are made up unless given. */
  readonly run?: Partial<TrainingRun>;
  readonly gitCommit?: string;
  /** The stage of a pipeline that the training is, and the SHA-256 of its dvc.lock. */
  readonly pipeline?: Lineage["pipeline"];
  /** Keeps a record of the training. */
  readonly recorder?: Recorder;
  onEvent?(event: TrainEvent): void;
}

/** What a training resulted in. */
export interface TrainReport {
  readonly run: TrainingRun;
  readonly bundle: BundleFile;
  readonly summary: DatasetSummary;
  readonly choices: readonly Choice[];
  readonly history: readonly EpochMetrics[];
  /** How many epochs of the history are of before it was resumed. */
  readonly epochsBefore: number;
  readonly end: FitResult["end"];
  readonly bestEpoch: number;
  /** Of the best weights on the test split; on the validation split where there is none. */
  readonly evaluation: Evaluation;
  readonly calibration: CalibratedEvaluation["calibration"];
  /** Close its pixels when done with them. */
  readonly pack: Pack;
  /** Of this call: that of a resumed training has only the epochs after its resumption. */
  readonly durationMs: number;
}

/**
 * Opens the data, packs it, trains, evaluates the best weights on the test split, and writes the
 * bundle. Checkpoints are written into a folder beside the bundle; they stay, so that the training
 * can be resumed with more epochs.
 * Errors: FILE_EXISTS, and with `resume` FILE_NOT_FOUND and CHECKPOINT_INVALID, before anything
 * else; those of `prepareTraining`, `fit` and `exportBundle`; INTERRUPTED, whose hint names `resume`
 * where there is a checkpoint.
 */
export async function train(options: TrainOptions): Promise<TrainReport> {
  const startMs = performance.now();
  const { out, resume = false, signal } = options;
  await requireFreePath(out, mayReplace(options));
  // Unreadable checkpoints are reported where the newest is loaded to resume it.
  const planned = resume ? await newestRun(checkpointFolderOf(out), silentLogger) : createTrainingRun(out, options.run);
  const prepared = await prepareTraining(options, (found) => options.onEvent?.({ type: "opened", ...found }));
  let isTrained = false;
  try {
    const { pack, picturePlan, stepPlan } = prepared;
    const summary = summarize(pack);
    options.onEvent?.({ type: "packed", summary, plan: stepPlan });
    const fitted = await fitPrepared(prepared, summary, planned, options);
    isTrained = true;
    const { run, end, bestEpoch, history, epochsBefore } = fitted;
    options.onEvent?.({ type: "trained", end, bestEpoch });
    const evaluated = await evaluateCalibrated(prepared, fitted, options);
    const { evaluation, calibration } = evaluated;
    options.onEvent?.({ type: "evaluated", evaluation });
    throwIfCancelled(signal);
    const bundle = await exportTrained(prepared, run, fitted, evaluated, options);
    const choices = [...picturePlan.choices, ...stepPlan.choices];
    const durationMs = performance.now() - startMs;
    const figures = { history, epochsBefore, end, bestEpoch, evaluation, calibration };
    return { run, bundle, summary, choices, ...figures, pack, durationMs };
  } catch (error) {
    await prepared.pack.pixels.close();
    throw isTrained ? withWayToResume(error, signal) : error;
  }
}

/** A resumed training replaces the bundle of its first part. */
function mayReplace({ force = false, resume = false }: TrainOptions): boolean {
  return force || resume;
}

async function fitPrepared(
  prepared: PreparedTraining,
  summary: DatasetSummary,
  planned: TrainingRun,
  { out, resume = false, force = false, signal, onEvent, recorder, ...options }: TrainOptions,
): Promise<ResumableFitResult> {
  const { executor, fitted, pack, splits, stepPlan } = prepared;
  const { logger = silentLogger, progress = silentProgress } = options;
  await ensureFolder(dirname(out));
  const evaluationMs = (validationMs: number): number =>
    (validationMs * indicesOf(pack, "test").length) / indicesOf(pack, "val").length;
  if (evaluatedSplit(pack) === "val") {
    logger.warn("there is no test split: the metrics are those of the validation split");
  }
  return resumableFit({
    executor,
    ...fitted,
    start: prepared.start,
    plan: stepPlan,
    run: planned,
    async begin(epochs) {
      const run = (await recorder?.begin({ run: planned, isResumed: resume, epochs, prepared, summary })) ?? planned;
      onEvent?.({ type: "started", run });
      return run;
    },
    recorder,
    settings: { ...stepPlan.settings, data: pack.hash, splits, splitsHash: splitsHash(pack) },
    checkpoints: checkpointFolderOf(out),
    isResumed: resume,
    force,
    logger,
    progress,
    signal,
    nowMs: () => performance.now(),
    onStart({ validationMs, elapsedMs }) {
      const { budget } = stepPlan;
      const trainingMs = "timeMs" in budget ? Math.max(0, budget.timeMs - elapsedMs) : undefined;
      onEvent?.({ type: "estimated", trainingMs, evaluationMs: evaluationMs(validationMs) });
    },
    ...(recorder && { onStep: (report) => recorder.step(report) }),
    onEpoch: (report) => onEvent?.({ type: "epoch", ...report, evaluationMs: evaluationMs(report.validationMs) }),
  });
}

/** As much of a data version as a bundle keeps. */
function lineageOf({ md5, path, inside, file, commit, isClean }: PackedVersion): NonNullable<Lineage["data"]> {
  return {
    md5,
    path: inside === undefined ? path : `${path}/${inside}`,
    file,
    isClean,
    ...(commit !== undefined && { commit }),
  };
}

/** Classes up to which a bundle holds the table of which was taken for which. */
const maximumConfusion = 1000;

async function exportTrained(
  { executor, model, pack, splits, stepPlan, version, backbone }: PreparedTraining,
  run: TrainingRun,
  { best, bestEpoch, history }: FitResult,
  { split, evaluation, calibration, answers, reference }: CalibratedEvaluation,
  options: TrainOptions,
): Promise<BundleFile> {
  const { data, out, gitCommit, signal } = options;
  const graph = buildInferenceGraph(model, best, calibration.temperature);
  const program = await executor.load(withEmbedding(graph));
  const profile = await measureReference({
    ...options,
    pack,
    indices: indicesOf(pack, split),
    answers,
    embed: async (pixels) => (await runProgram(program, pack, pixels)).embedding,
    labels: model.labels,
    split,
    reading: options.settings,
  }).finally(() => program.close());
  return exportBundle({
    graph,
    info: {
      labels: model.labels,
      recipe: pack.recipe,
      architecture: { name: model.network.architecture, options: model.network.options },
      lineage: {
        runId: run.id,
        datasetHash: pack.hash,
        source: data,
        createdAt: run.createdAt,
        seed: stepPlan.seed,
        ...(Object.keys(splits).length > 0 && { splits }),
        ...(gitCommit !== undefined && { gitCommit }),
        ...(version !== undefined && { data: lineageOf(version) }),
        ...(backbone !== undefined && { backbone }),
        ...(options.pipeline !== undefined && { pipeline: options.pipeline }),
      },
      evaluation: {
        split,
        epochs: history.length,
        bestEpoch,
        ...evaluation,
        // A table of millions of numbers would be more than the network.
        ...(model.labels.length > maximumConfusion && { confusion: undefined }),
        calibration,
      },
      history: bundleHistory(history, bestEpoch),
      reference: profile,
    },
    path: out,
    reference,
    executor,
    force: mayReplace(options),
    ...(signal && { signal }),
  });
}
