/** Runs as a table for the terminal. */
import { counted } from "../../base/quantity.ts";
import { type ListedRuns, parentTag } from "../../tracking/list-runs.ts";
import { metricGoal } from "../../tracking/metric-keys.ts";
import { metricText } from "../../tracking/metric-text.ts";
import type { Run } from "../../tracking/run.ts";
import type { CommandContext } from "../frame/command.ts";
import { type Style, wrap } from "../frame/console.ts";
import { type FittedColumn, fittedTable, noRoomText } from "../frame/fitted-table.ts";
import { durationText, shortIdLength, startedText, statusText } from "./run-values.ts";

export interface RunTableOptions {
  readonly params?: readonly string[];
  readonly tags?: readonly string[];
  /** What a run's models are registered as: `cats-dogs@champion`. */
  readonly registered?: ReadonlyMap<string, readonly string[]>;
}

type Terminal = Pick<CommandContext, "style" | "width" | "now">;

/** A row for each run, and a line on what had no room. */
export function runTable(
  { runs, experiments, metrics, hasMore }: ListedRuns,
  { style, width, now }: Terminal,
  { params = [], tags = [], registered = new Map() }: RunTableOptions = {},
): string {
  const nowMs = now();
  const shown = new Set(runs.map(({ id }) => id));
  const length = shortIdLength(runs.map(({ id }) => id));
  const column = (title: string, textOf: (run: Run) => string, more: Partial<FittedColumn> = {}): FittedColumn => ({
    title,
    cells: runs.map(textOf),
    ...more,
  });
  const nameOf = (run: Run): string => (shown.has(run.tags.get(parentTag) ?? "") ? `└ ${run.name}` : run.name);
  const experimentOf = ({ experimentId }: Run): string => experiments.get(experimentId) ?? experimentId;
  const columns = [
    column("ID", ({ id }) => id.slice(0, length)),
    column("NAME", nameOf, { least: 12 }),
    ...(new Set(runs.map(experimentOf)).size > 1
      ? [column("EXPERIMENT", experimentOf, { least: 10, dropped: 3 })]
      : []),
    column("STATUS", (run) => statusText(run, style)),
    column("STARTED", ({ startedMs }) => startedText(startedMs, nowMs), { dropped: 2 }),
    column("TIME", (run) => durationText(run, nowMs), { align: "right", dropped: 5 }),
    ...metrics.map((key, at) => metricColumn(key, runs, style, [1, 2, 4][at] ?? 6)),
    ...params.map((key) => column(key, ({ params }) => params.get(key) ?? "", { least: 8, dropped: 2 })),
    ...tags.map((key) => column(key, ({ tags }) => tags.get(key) ?? "", { least: 8, dropped: 2 })),
    ...(runs.some(({ id }) => registered.has(id))
      ? [column("MODEL", ({ id }) => registered.get(id)?.join(", ") ?? "", { least: 12, dropped: 2 })]
      : []),
  ];
  const { text, left } = fittedTable(columns, width);
  const notes = [
    ...(left.length > 0 ? [noRoomText(left)] : []),
    ...(hasMore ? [`the first ${counted(runs.length, "run")}; more with --limit`] : []),
  ];
  return notes.length === 0 ? text : `${text}\n${style.dim(wrap(notes.join("; "), width))}`;
}

const shownFaults = 5;

/** A line for each folder that is no whole run; of many the first. */
export function faultLines(faults: ListedRuns["faults"]): readonly string[] {
  const lines = faults.slice(0, shownFaults).map(({ where, reason }) => `${where} is passed over: ${reason}`);
  const more = faults.length - lines.length;
  return more > 0 ? [...lines, `${counted(more, "more folder")} passed over`] : lines;
}

function metricColumn(key: string, runs: readonly Run[], style: Style, dropped: number): FittedColumn {
  const values = runs.map(({ metrics }) => metrics.get(key)?.value);
  const numbers = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  const goal = metricGoal(key);
  const best =
    goal === undefined || numbers.length < 2
      ? undefined
      : numbers.reduce((a, b) => (goal === "highest" ? Math.max(a, b) : Math.min(a, b)));
  return {
    title: key,
    align: "right",
    least: 16,
    dropped,
    cells: values.map((value) => {
      if (value === undefined) return "";
      return value === best ? style.green(metricText(value)) : metricText(value);
    }),
  };
}
