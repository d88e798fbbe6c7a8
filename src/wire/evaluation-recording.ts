/** Evaluations that are added to the run of their bundle. */
import { throwIfCancelled } from "../base/cancel.ts";
import { toAppError } from "../base/errors.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { readVersion } from "../base/version.ts";
import type { BundleInfo } from "../bundle/bundle.ts";
import type { BundleFile } from "../bundle/bundle-file.ts";
import { nameOf } from "../dataset/source-name.ts";
import { renderEvaluationReport } from "../report/evaluation/evaluation-report.ts";
import type { BundleEvaluation } from "../train/evaluation/evaluate-bundle.ts";
import { type RecordedEvaluation, recordEvaluation } from "../train/recording/evaluation-recorder.ts";
import { chartFiles, classTable } from "./recorded-files.ts";
import { openStore, type TrackingOptions } from "./recording.ts";
import { evaluationFacts } from "./reports.ts";

export interface EvaluatedBundle {
  readonly info: BundleInfo;
  readonly data: string;
  readonly evaluation: BundleEvaluation;
  /** For the page: without it there is none. */
  readonly model?: BundleFile;
  readonly against?: BundleFile;
}

interface RecordingOptions {
  readonly logger?: Logger | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Adds an evaluation to the run that made the bundle; undefined where the store has no such run, or
 * failed. Errors: TRACKING_URI_INVALID; INTERRUPTED.
 */
export async function recordEvaluated(
  evaluated: EvaluatedBundle,
  tracking: TrackingOptions,
  { logger = silentLogger, signal }: RecordingOptions,
): Promise<RecordedEvaluation | undefined> {
  const { info, data, evaluation } = evaluated;
  const { store, close } = await openStore(tracking, logger);
  try {
    const recorded = await recordEvaluation(
      { info, evaluation, dataset: { name: nameOf(data), location: data } },
      (folder) => evaluationFiles(evaluated, folder, signal),
      { store, logger, now: Date.now },
    );
    if (recorded === undefined) {
      logger.info(`not recorded: the run of the bundle, ${info.lineage.runId}, is not in ${store.location}`);
    }
    return recorded;
  } catch (error) {
    throwIfCancelled(signal);
    logger.warn(`the evaluation is not recorded in full: ${toAppError(error).message}`);
    return undefined;
  } finally {
    await close();
  }
}

async function* evaluationFiles(
  { data, evaluation, model, against }: EvaluatedBundle,
  folder: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly [path: string, text: string]> {
  yield classTable(evaluation.evaluation.classes, `${folder}/`);
  yield* chartFiles(evaluation, `${folder}/charts/`);
  if (model === undefined) return;
  const facts = await evaluationFacts({ model, data, evaluation, ...(against && { against }) }, signal);
  const html = await renderEvaluationReport(facts, { version: await readVersion(), now: new Date() });
  yield [`${folder}/report.html`, html];
}
