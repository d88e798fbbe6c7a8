/** The order of runs: MLflow's clauses, then the newest first, then by id. */
import { byCodeUnits } from "../../base/by-code-units.ts";
import { type Identifier, readIdentifier } from "./identifier.ts";
import { runValue } from "./run-filter.ts";
import type { SearchableRun } from "./searchable-run.ts";
import { describeToken, filterFault, tokensOf } from "./tokens.ts";

export interface OrderClause {
  readonly on: Exclude<Identifier, { readonly entity: "dataset" }>;
  readonly isAscending: boolean;
}

/** `metrics.val_accuracy DESC`; ascending unless said. Errors: FILTER_INVALID. */
export function parseRunOrder(clauses: readonly string[] = []): OrderClause[] {
  return clauses.map((text, index) => {
    const what = clauses.length === 1 ? "order" : `order ${index + 1}`;
    const tokens = tokensOf(text, what);
    const [on, count] = readIdentifier(tokens, 0, what);
    if (on.entity === "dataset")
      throw filterFault(what, 1, "a metric, a parameter, a tag or an attribute", "a dataset");
    const direction = tokens[count]!;
    const word = direction.kind === "name" ? direction.value.toUpperCase() : "";
    if (direction.kind !== "end" && word !== "ASC" && word !== "DESC")
      throw filterFault(what, direction.at, "ASC, DESC or its end", describeToken(direction));
    const rest = tokens[count + 1];
    if (direction.kind !== "end" && rest?.kind !== "end")
      throw filterFault(what, rest!.at, "its end", describeToken(rest!)); // the end is a token, too
    return { on, isAscending: word !== "DESC" };
  });
}

/**
 * The runs in order. In either direction values come first, then NaN, then runs that have none;
 * equal ones are ordered by the next clause.
 */
export function sortRuns<T extends SearchableRun>(runs: readonly T[], order: readonly OrderClause[]): T[] {
  const rows = runs.map((run) => ({
    run,
    startedMs: Number(run.attribute("start_time")),
    id: String(run.attribute("run_id")),
    values: order.map(({ on }) => runValue(run, on)),
  }));
  rows.sort((a, b) => {
    for (const [index, { isAscending }] of order.entries()) {
      const difference = compareValues(a.values[index], b.values[index], isAscending);
      if (difference !== 0) return difference;
    }
    return b.startedMs - a.startedMs || byCodeUnits(a.id, b.id);
  });
  return rows.map(({ run }) => run);
}

type Value = number | string | undefined;

function compareValues(a: Value, b: Value, isAscending: boolean): number {
  const difference = rankOf(a) - rankOf(b);
  if (difference !== 0 || rankOf(a) > 0) return difference;
  const natural = typeof a === "number" && typeof b === "number" ? compareNumbers(a, b) : byCodeUnits(`${a}`, `${b}`);
  return isAscending ? natural : -natural;
}

/** Not by subtraction: infinities are values, too. */
function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function rankOf(value: Value): number {
  if (value === undefined) return 2;
  return Number.isNaN(value) ? 1 : 0;
}
