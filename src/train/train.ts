/** The one call behind `pawprint train`: labelled pictures in, a checked bundle out. */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import { ensureFolder } from "../base/files/atomic-file.ts";
import { silentLogger } from "../base/logger.ts";
import { silentProgress } from "../base/progress.ts";
import type { Lineage } from "../bundle/bundle.ts";
import type { BundleFile } from "../bundle/bundle-file.ts";
import { exportBundle, requireFreePath } from "../bundle/export-bundle.ts";
import { type DatasetSummary, summarize } from "../dataset/inspect.ts";
import { indicesOf, type Pack, readPixels, splitsHash } from "../dataset/pack/pack.ts";
import type { SourceKind } from "../dataset/sources/source.ts";
import { calibrationOf } from "../metrics/calibration.ts";
import { type Evaluation, evaluateAnswers, probabilitiesOf } from "../metrics/classification-metrics.ts";
import { fitTemperature } from "../metrics/temperature.ts";
import { buildInferenceGraph, type Weights } from "../nn/inference-graph.ts";
import { checkpointFolderOf } from "./checkpoint/checkpoint-folder.ts";
import { resumableFit } from "./checkpoint/resumable-fit.ts";
import { Evaluator } from "./fit/evaluator.ts";
import type { EpochMetrics, EpochReport, FitResult } from "./fit/fit-options.ts";
import type { PicturePlan, StepPlan } from "./plan/train-plan.ts";
import { type PreparedTraining, type PrepareTrainingOptions, prepareTraining } from "./prepare-training.ts";

/** Real pictures on which a new bundle is compared with the model it came from. */
const referenceCount = 64;

/** What has just happened, for whoever shows it. */
export type TrainEvent =
  | { readonly type: "opened"; readonly kind: SourceKind; readonly location: string; readonly plan: PicturePlan }
  | { readonly type: "packed"; readonly summary: DatasetSummary; readonly plan: StepPlan }
  | {
      readonly type: "epoch";
      readonly metrics: EpochMetrics;
      readonly isBest: boolean;
      /** How many there will be; left out where training goes by time. */
      readonly epochs?: number;
      readonly remainingMs: number;
    }
  | { readonly type: "trained"; readonly end: FitResult["end"]; readonly bestEpoch: number }
  | { readonly type: "evaluated"; readonly evaluation: Evaluation };

export interface TrainOptions extends PrepareTrainingOptions {
  /** The bundle's file. */
  readonly out: string;
  /** Take the place of a bundle that is there. */
  readonly force?: boolean;
  /** Go on with the training that an interruption left beside `out`. */
  readonly resume?: boolean;
  readonly lineage?: Partial<Pick<Lineage, "runId" | "createdAt" | "gitCommit">>;
  onEvent?(event: TrainEvent): void;
}

export interface TrainReport {
  readonly bundle: BundleFile;
  readonly summary: DatasetSummary;
  readonly choices: readonly (PicturePlan | StepPlan)["choices"][number][];
  readonly history: readonly EpochMetrics[];
  readonly end: FitResult["end"];
  readonly bestEpoch: number;
  /** Of the best weights on the test split. */
  readonly evaluation: Evaluation;
  /** Close its pixels when done with them. */
  readonly pack: Pack;
  readonly durationMs: number;
}

/** A training that goes on replaces the bundle of its first part. */
function mayReplace({ force = false, resume = false }: TrainOptions): boolean {
  return force || resume;
}

/**
 * Opens the data, packs it, trains, evaluates the best weights on the test split, and writes the
 * bundle. Checkpoints are written into a folder beside the bundle; they stay, so that the training
 * can go on with more epochs.
 * Errors: FILE_EXISTS before anything else; those of `prepareTraining`, `fit` and `exportBundle`;
 * INTERRUPTED, with the checkpoint kept.
 */
export async function train(options: TrainOptions): Promise<TrainReport> {
  const startMs = performance.now();
  await requireFreePath(options.out, mayReplace(options));
  const prepared = await prepareTraining(options, (found) => options.onEvent?.({ type: "opened", ...found }));
  try {
    return { ...(await trainOnPack(prepared, options)), durationMs: performance.now() - startMs };
  } catch (error) {
    await prepared.pack.pixels.close();
    throw error;
  }
}

async function trainOnPack(
  prepared: PreparedTraining,
  options: TrainOptions,
): Promise<Omit<TrainReport, "durationMs">> {
  const { pack, picturePlan, splits, stepPlan, model, executor } = prepared;
  const { out, signal, logger = silentLogger } = options;
  const summary = summarize(pack);
  options.onEvent?.({ type: "packed", summary, plan: stepPlan });
  await ensureFolder(dirname(out));
  const { choices: _, ...stepSettings } = stepPlan;
  const judgedSplit = indicesOf(pack, "test").length > 0 ? "test" : "val";
  if (judgedSplit === "val") logger.warn("there is no test split: the figures are those of the validation split");
  const fitted = await resumableFit({
    executor,
    model,
    pack,
    ...stepSettings,
    settings: { ...stepPlan.settings, data: pack.hash, splits, splitsHash: splitsHash(pack) },
    checkpoints: checkpointFolderOf(out),
    goOn: options.resume ?? false,
    force: options.force ?? false,
    logger,
    progress: options.progress ?? silentProgress,
    ...(signal && { signal }),
    onEpoch: ({ metrics, isBest, elapsedMs }: EpochReport) => {
      const { timeMs } = stepPlan;
      const remainingMs =
        timeMs === undefined ? metrics.durationMs * (stepPlan.epochs - metrics.epoch) : Math.max(0, timeMs - elapsedMs);
      const epochs = timeMs === undefined ? stepPlan.epochs : undefined;
      options.onEvent?.({ type: "epoch", metrics, isBest, ...(epochs !== undefined && { epochs }), remainingMs });
    },
  });
  options.onEvent?.({ type: "trained", end: fitted.end, bestEpoch: fitted.bestEpoch });

  const judged = await judge(prepared, fitted.best, judgedSplit, signal);
  options.onEvent?.({ type: "evaluated", evaluation: judged.evaluation });
  throwIfCancelled(signal);
  const { lineage = {} } = options;
  const bundle = await exportBundle({
    graph: buildInferenceGraph(model, fitted.best, judged.calibration.temperature),
    info: {
      labels: model.labels,
      recipe: pack.recipe,
      architecture: { name: model.network.architecture, options: model.network.options },
      lineage: {
        runId: lineage.runId ?? randomBytes(16).toString("hex"),
        datasetHash: pack.hash,
        source: options.data,
        createdAt: lineage.createdAt ?? new Date().toISOString(),
        seed: stepPlan.seed,
        ...(Object.keys(splits).length > 0 && { splits }),
        ...(lineage.gitCommit !== undefined && { gitCommit: lineage.gitCommit }),
      },
      evaluation: {
        split: judgedSplit,
        epochs: fitted.history.length,
        bestEpoch: fitted.bestEpoch,
        ...judged.evaluation,
        calibration: judged.calibration,
      },
    },
    path: out,
    reference: judged.reference,
    executor,
    force: mayReplace(options),
    ...(signal && { signal }),
  });
  return {
    bundle,
    summary,
    choices: [...picturePlan.choices, ...stepPlan.choices],
    history: fitted.history,
    end: fitted.end,
    bestEpoch: fitted.bestEpoch,
    evaluation: judged.evaluation,
    pack,
  };
}

/**
 * The temperature that the validation split asks for, the figures of `split` at that temperature,
 * and what the exported bundle must answer to its first pictures.
 */
async function judge(
  { executor, model, pack, stepPlan: { batchSize } }: PreparedTraining,
  weights: Weights,
  split: "test" | "val",
  signal: AbortSignal | undefined,
) {
  const evaluator = await Evaluator.start(executor, model, batchSize);
  try {
    const { temperature } = fitTemperature(await evaluator.answers(weights, pack, "val", signal));
    const raw = await evaluator.answers(weights, pack, split, signal);
    const answers = { ...raw, logits: raw.logits.map((logit) => logit / temperature) };
    const classes = model.labels.length;
    const shown = indicesOf(pack, split).subarray(0, referenceCount);
    const pixels = await readPixels(pack, shown);
    const probabilities = Array.from(shown).flatMap((_, row) =>
      probabilitiesOf(answers.logits.subarray(row * classes, (row + 1) * classes)),
    );
    return {
      calibration: {
        temperature,
        expectedCalibrationError: calibrationOf(answers).expectedCalibrationError,
        errorBefore: calibrationOf(raw).expectedCalibrationError,
      },
      evaluation: evaluateAnswers(answers, model.labels),
      reference: { pixels, probabilities },
    };
  } finally {
    await evaluator.close();
  }
}
