/** The files of `pawprint evaluate`: the page, the table of predictions, the charts. */

import { dirname, join } from "node:path";
import { csvLine } from "../base/csv-line.ts";
import { ensureFolder, writeFileAtomic } from "../base/files/atomic-file.ts";
import { readVersion } from "../base/version.ts";
import { requireFreePath } from "../bundle/export-bundle.ts";
import { probabilitiesOf } from "../metrics/classification-metrics.ts";
import { pictureOutcomes } from "../metrics/picture-outcomes.ts";
import type { SplitPredictions } from "../train/evaluation/predict-split.ts";
import { type ChartName, chartNames, drawCharts } from "../wire/evaluation-charts.ts";
import { renderEvaluationReport } from "../wire/library.ts";
import type { EvaluatedModels } from "../wire/reports.ts";

/** Paths of what is to be written; those left out are not. */
export interface EvaluationFiles {
  readonly report?: string;
  readonly csv?: string;
  /** A folder. */
  readonly charts?: string;
}

interface WriteOptions {
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly now: Date;
}

/**
 * Makes the files' folders and checks, before a long evaluation, that the files can be written.
 * Errors: FILE_EXISTS, FILE_WRITE_FAILED.
 */
export async function prepareFiles({ report, csv, charts }: EvaluationFiles, force: boolean): Promise<void> {
  const drawn = charts === undefined ? [] : chartNames.map((name) => chartPath(charts, name));
  for (const path of [report, csv, ...drawn]) {
    if (path === undefined) continue;
    await ensureFolder(dirname(path));
    await requireFreePath(path, force);
  }
}

/**
 * Writes the files, each whole or not at all, and returns their paths. Errors: FILE_EXISTS,
 * FILE_WRITE_FAILED, INTERRUPTED.
 */
export async function writeEvaluationFiles(
  { report, csv, charts }: EvaluationFiles,
  models: EvaluatedModels,
  { force, signal, now }: WriteOptions,
): Promise<readonly string[]> {
  const written: string[] = [];
  const write = async (path: string, content: string | Iterable<string>): Promise<void> => {
    await writeFileAtomic(path, content, { force, signal });
    written.push(path);
  };
  if (csv !== undefined) await write(csv, csvLines(models));
  if (charts !== undefined) {
    for (const [name, svg] of await drawCharts(models.evaluation)) await write(chartPath(charts, name), `${svg}\n`);
  }
  if (report !== undefined) await write(report, await reportOf(models, now, signal));
  return written;
}

function chartPath(folder: string, name: ChartName): string {
  return join(folder, `${name}.svg`);
}

/**
 * A row for each picture: ground truth, prediction, probabilities; then the second model's
 * prediction.
 */
function* csvLines({ model, against, evaluation }: EvaluatedModels): Generator<string> {
  const { labels } = model.info;
  const second = evaluation.against &&
    against && { labels: against.info.labels, answered: evaluation.against.answered };
  const secondOutcomes = second && pictureOutcomes(second.answered);
  const head = ["id", "label", "answer", "confidence", "correct", ...labels.map((label) => `probability_${label}`)];
  yield csvLine([...head, ...(second ? ["against_answer", "against_confidence", "against_correct"] : [])]);
  const { answered } = evaluation;
  for (const [row, { target, answer, confidence, isRight }] of pictureOutcomes(answered).entries()) {
    const other = secondOutcomes?.[row];
    yield csvLine([
      answered.ids[row]!,
      labels[target]!,
      labels[answer]!,
      rounded(confidence),
      String(isRight),
      ...probabilitiesAt(answered, row, labels.length).map(rounded),
      ...(second && other ? [second.labels[other.answer]!, rounded(other.confidence), String(other.isRight)] : []),
    ]);
  }
}

function probabilitiesAt({ logits }: SplitPredictions, row: number, classes: number): readonly number[] {
  return probabilitiesOf(logits.subarray(row * classes, (row + 1) * classes));
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(6)));
}

async function reportOf(models: EvaluatedModels, now: Date, signal: AbortSignal): Promise<string> {
  const { evaluationFacts } = await import("../wire/reports.ts");
  return renderEvaluationReport(await evaluationFacts(models, signal), { version: await readVersion(), now });
}
