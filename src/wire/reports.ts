/** Pages from what functions return: measured once more where needed, with small pictures. */
import { arch, cpus, release, type } from "node:os";
import { throwIfCancelled } from "../base/cancel.ts";
import { cpuLimit } from "../base/machine/cpu-limit.ts";
import { memoryLimit } from "../base/machine/memory-limit.ts";
import { formatBytes } from "../base/quantity.ts";
import { readVersion } from "../base/version.ts";
import type { BundleFile } from "../bundle/bundle-file.ts";
import { loadBundle } from "../bundle/load-bundle.ts";
import type { EvaluationFacts } from "../report/evaluation/facts.ts";
import { makePictureThumbnails } from "../report/evaluation/picture-thumbnails.ts";
import { renderTrainingReport as renderTraining } from "../report/training/training-report.ts";
import type { Executor } from "../runtime/executor.ts";
import { engineVersion } from "../runtime/onnx-runtime.ts";
import { type BundleEvaluation, evaluateOnPack } from "../train/evaluation/evaluate-bundle.ts";
import { choiceRows } from "../train/plan/choice-rows.ts";
import type { TrainReport } from "../train/train.ts";

export interface EvaluatedModels {
  readonly model: BundleFile;
  readonly against?: BundleFile;
  readonly data: string;
  readonly evaluation: BundleEvaluation;
}

/** What the page of an evaluation is made of. Errors: INTERRUPTED. */
export async function evaluationFacts(
  { model, against, data, evaluation }: EvaluatedModels,
  signal: AbortSignal | undefined,
): Promise<EvaluationFacts> {
  const { split, datasetHash, pictures } = evaluation;
  return {
    model,
    figures: evaluation,
    data,
    datasetHash,
    split,
    ...(against && evaluation.against && { against: { model: against, figures: evaluation.against } }),
    machine: machine(),
    thumbnails: await makePictureThumbnails(pictures, model.info.recipe, { ...(signal && { signal }) }),
  };
}

export interface TrainingReportOptions {
  /** What the page calls the bundle and the data; their paths unless given. */
  readonly names?: {
    readonly bundle: string;
    readonly data: string;
    /** How the data was read, as flags of its commands; none unless given. */
    readonly readingFlags?: string;
  };
  /** The time that the page says it was made at; now unless given. */
  readonly now?: Date;
  readonly signal?: AbortSignal;
}

/**
 * The page of a training: a whole HTML document that needs no other file. The bundle is evaluated
 * once more on the pack of the report, whose pixels must still be open.
 * Errors: those of `loadBundle`; EXECUTION_FAILED, INTERRUPTED.
 */
export async function renderTrainingReport(
  trained: TrainReport,
  { executor, ...options }: TrainingReportOptions & { readonly executor: Executor },
): Promise<string> {
  return trainingPage(trained, await evaluateTrained(trained, { ...options, executor }), options);
}

/** The bundle of a training on the split that it was evaluated on, with all that pages and charts show. */
export async function evaluateTrained(
  { pack, bundle: { path, info } }: TrainReport,
  { executor, signal }: { readonly executor: Executor; readonly signal?: AbortSignal | undefined },
): Promise<BundleEvaluation> {
  throwIfCancelled(signal);
  const bundle = await loadBundle({ path }, executor);
  try {
    const split = info.evaluation.split === "val" ? "val" : "test";
    return await evaluateOnPack(pack, { bundle, data: info.lineage.source, split, ...(signal && { signal }) });
  } finally {
    await bundle.close();
  }
}

/** Errors: INTERRUPTED. */
export async function trainingPage(
  trained: TrainReport,
  evaluation: BundleEvaluation,
  { names, now = new Date(), signal }: TrainingReportOptions,
): Promise<string> {
  const { bundle, summary, choices, history, epochsBefore, end, bestEpoch, durationMs } = trained;
  const data = names?.data ?? bundle.info.lineage.source;
  const model = { ...bundle, path: names?.bundle ?? bundle.path };
  const facts = {
    evaluation: await evaluationFacts({ model, data, evaluation }, signal),
    summary,
    ...(names?.readingFlags !== undefined && { readingFlags: names.readingFlags }),
    choices: choiceRows(choices),
    epochs: history,
    epochsBefore,
    end,
    bestEpoch,
    durationMs,
    environment: await environment(),
  };
  return renderTraining(facts, { version: await readVersion(), now });
}

function machine(): EvaluationFacts["machine"] {
  return { processor: cpus()[0]?.model ?? "unknown processor", cores: cpuLimit() };
}

async function environment(): Promise<readonly (readonly [name: string, value: string])[]> {
  const { processor, cores } = machine();
  return [
    ["Pawprint", await readVersion()],
    ["Node.js", process.versions.node],
    ["ONNX Runtime", engineVersion()],
    ["System", `${type()} ${release()}, ${arch()}`],
    ["Processor", processor],
    ["Cores", String(cores)],
    ["Memory", formatBytes(memoryLimit())],
  ];
}
