/** The results of a sweep as a table and as CSV. */
import { csvLine } from "../../base/csv-line.ts";
import type { TrialResult } from "../../train/sweep/trial.ts";
import { table } from "../frame/console.ts";
import { percent } from "./evaluation-text.ts";

/** Lists with commas, objects as JSON. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function sweepTable(results: readonly TrialResult[], searched: readonly string[]): string {
  const right = (title: string) => ({ title, align: "right" as const });
  return table(
    [right("TRIAL"), right("EPOCHS"), right("VALIDATION"), right("LOSS"), ...searched.map((key) => right(key))],
    results.map((result) => [
      `${result.trial}`,
      `${result.epochs}`,
      result.error ? result.error.code : percent(result.validationAccuracy),
      result.error ? "" : result.validationLoss.toFixed(4),
      ...searched.map((key) => valueText(result.drawn[key])),
    ]),
  );
}

/** Comma-separated values with a header. */
export function sweepCsv(results: readonly TrialResult[], searched: readonly string[]): string {
  const rows = results.map((result) => [
    result.trial,
    result.epochs,
    ...(result.error
      ? ["", "", "", result.error.code]
      : [result.validationAccuracy, result.validationLoss, result.durationMs, ""]),
    ...searched.map((key) => result.drawn[key]),
  ]);
  const head = ["trial", "epochs", "validation_accuracy", "validation_loss", "duration_ms", "error", ...searched];
  return [head, ...rows].map((row) => csvLine(row.map((value) => valueText(value ?? "")))).join("");
}
