/** An evaluation of a bundle, added to the run that made the bundle. */

import type { Logger } from "../../base/logger.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import { modelTags } from "../../bundle/mlflow-model/model-tags.ts";
import type { Run } from "../../tracking/run.ts";
import type { RunStore } from "../../tracking/run-store.ts";
import type { BundleEvaluation } from "../evaluation/evaluate-bundle.ts";
import { evaluatedInput } from "./dataset-inputs.ts";
import { evaluationMetrics } from "./evaluation-metrics.ts";
import { findRun } from "./open-run.ts";
import { RunRecord } from "./run-record.ts";

export interface EvaluationFacts {
  readonly info: BundleInfo;
  readonly evaluation: BundleEvaluation;
  readonly dataset: { readonly name: string; readonly location: string };
}

export interface EvaluationRecorderOptions {
  readonly store: RunStore;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What was recorded of an evaluation, and where. */
export interface RecordedEvaluation {
  readonly runId: string;
  /** Its artifacts in the run: `evaluations/2026-01-31T12-00-00Z-1a2b3c4d`. */
  readonly folder: string;
}

/**
 * Metrics `eval/SPLIT/HASH/accuracy` and its like, where HASH are the first 8 digits of the
 * dataset's; the step counts the evaluations on these pictures. `files` are made when they can be
 * recorded. Undefined where the store has no run of the bundle. Never fails.
 */
export async function recordEvaluation(
  { info, evaluation, dataset }: EvaluationFacts,
  files: (folder: string) => AsyncIterable<readonly [path: string, text: string]>,
  { store, logger, now }: EvaluationRecorderOptions,
): Promise<RecordedEvaluation | undefined> {
  const run = await findRun(store, info.lineage.runId);
  if (run?.lifecycle !== "active") return undefined;
  const record = new RunRecord({ store, run, logger, now });
  const { split, datasetHash } = evaluation;
  const short = datasetHash.slice(0, 8);
  const prefix = `eval/${split}/${short}/`;
  const step = (record.lastStep(`${prefix}accuracy`) ?? -1) + 1;
  const timestampMs = Math.round(now());
  const figures = [...evaluationMetrics(evaluation)];
  const metrics = figures.map(([key, value]) => ({ key: `${prefix}${key}`, value, step, timestampMs }));
  const modelId = await record.attempt(() => modelOf(store, run, info.digest));
  record.log({ metrics, ...(modelId !== undefined && { modelId }) });
  record.inputs([
    evaluatedInput({ ...dataset, hash: datasetHash, recipe: info.recipe }, split, evaluation.evaluation.count),
  ]);
  const time = new Date(timestampMs)
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");
  const folder = `evaluations/${time}-${short}`;
  for await (const [path, text] of files(folder)) record.artifact(path, Buffer.from(text, "utf8"));
  await record.close();
  return { runId: run.id, folder };
}

/** The run's logged model that holds the bundle of this digest. */
async function modelOf(store: RunStore, run: Run, digest: string | undefined): Promise<string | undefined> {
  if (digest === undefined) return undefined;
  for (const id of run.modelIds.toReversed()) {
    if ((await store.getModel(id)).tags.get(modelTags.digest) === digest) return id;
  }
  return undefined;
}
