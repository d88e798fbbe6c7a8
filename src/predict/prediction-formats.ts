/** Predictions as text for other programs: CSV and JSON lines. */
import { csvLine } from "../base/csv-line.ts";
import type { FilePrediction } from "./predict-files.ts";

/** A prediction as plain JSON, probabilities rounded to six digits that count. */
export interface PredictionRecord {
  readonly file: string;
  readonly label?: string;
  readonly confidence?: number;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly error?: Readonly<Record<string, string>>;
}

/** The record of one row, with the `top` most likely classes, or all of them. */
export function recordOf(row: FilePrediction, top?: number): PredictionRecord {
  if (row.error !== undefined) return { file: row.file, error: row.error.toJSON() };
  const { file, label, confidence } = row;
  const likely = mostLikely(row.probabilities, top).map(([name, probability]) => [name, round(probability)] as const);
  return { file, label, confidence: round(confidence), probabilities: Object.fromEntries(likely) };
}

/**
 * The classes from the most to the least likely, equals in the bundle's order; only the first `top`
 * where that is given.
 */
export function mostLikely(
  probabilities: Readonly<Record<string, number>>,
  top?: number,
): readonly (readonly [label: string, probability: number])[] {
  return Object.entries(probabilities)
    .sort(([, a], [, b]) => b - a)
    .slice(0, top);
}

/**
 * The head of the table: file, label, confidence, a column `probability_LABEL` for each class,
 * error.
 */
export function csvHead(labels: readonly string[]): string {
  return csvLine(["file", "label", "confidence", ...labels.map((label) => `probability_${label}`), "error"]);
}

/**
 * One row under `csvHead`; a picture that could not be used has its error's code and message and no
 * numbers.
 */
export function csvRow(row: FilePrediction, labels: readonly string[]): string {
  if (row.error !== undefined) {
    return csvLine([row.file, "", "", ...labels.map(() => ""), `${row.error.code}: ${row.error.message}`]);
  }
  const numbers = labels.map((label) => String(round(row.probabilities[label]!)));
  return csvLine([row.file, row.label, String(round(row.confidence)), ...numbers, ""]);
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}
