/** What a label is held against: the prediction that it is about, and the labels that its model has. */
import type { LoggedModel, LoggedPrediction } from "./prediction-log.ts";

/**
 * The answer that the caller was given, not the challenger's beside it. Ids may come from callers, so
 * that two requests can have the same: the last one is meant. A challenger that was asked by its
 * version is the only one that answered. `rows` are those of one request and position, by time.
 */
export function answeredOf<Row extends Pick<LoggedPrediction, "role">>(rows: readonly Row[]): Row | undefined {
  return rows.findLast(({ role }) => role !== "challenger") ?? rows.at(-1);
}

/**
 * The labels of the version that answered; where nobody described it (a log of an earlier version),
 * those of the versions that are known, with the one that it gave.
 */
export function labelsOf(
  { model, version, label }: Pick<LoggedPrediction, "model" | "version" | "label">,
  models: readonly Pick<LoggedModel, "model" | "version" | "labels">[],
): readonly string[] {
  const described = models.find((one) => one.version === version && one.model === model);
  return described?.labels ?? [...new Set([label, ...models.flatMap(({ labels }) => labels)])];
}
