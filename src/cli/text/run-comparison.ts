/** What runs differ in, as text: a column for each run, or a row where there are too many. */
import { counted } from "../../base/quantity.ts";
import type { ComparedMetric, ComparedTexts, RunComparison } from "../../tracking/compare-runs.ts";
import { metricText } from "../../tracking/metric-text.ts";
import type { Run } from "../../tracking/run.ts";
import type { CommandContext } from "../frame/command.ts";
import { wrap } from "../frame/console.ts";
import { type FittedColumn, fittedTable, noRoomText } from "../frame/fitted-table.ts";
import { durationText, jsonNumber, jsonRun, shortIdLength, startedText, statusText } from "./run-values.ts";

type Terminal = Pick<CommandContext, "style" | "width" | "now">;

interface Row {
  readonly key: string;
  readonly cells: readonly string[];
  /** As for columns of a table: what two metrics and the settings say goes last. */
  readonly dropped: number;
}

const leastKey = 16;
const leastCell = 10;
const leastTitle = 16;
const mainMetrics = 2;
/** Beside green: a terminal may have no colours. */
const mark = "*";

/** The rows that differ, or all; the best last value of a metric is marked. */
export function comparisonText(comparison: RunComparison, showsAll: boolean, terminal: Terminal): string {
  const { runs } = comparison;
  const { style, width } = terminal;
  const rows = [...runRows(runs, terminal), ...valueRows(comparison, showsAll, terminal)];
  const isWide = leastKey + runs.length * (leastCell + 2) > width;
  const { text, left } = isWide ? byRun(runs, rows, width) : byKey(runs, rows, width);
  const hidden = showsAll ? 0 : equalCount(comparison);
  const notes = [
    ...(comparison.metrics.some(({ leaders }) => leaders.length > 0) ? [`${mark} the best of a metric`] : []),
    ...(left.length > 0 ? [noRoomText(left)] : []),
    ...(hidden > 0 ? [`${counted(hidden, "value is", "values are")} the same in all: --all`] : []),
  ];
  return notes.length === 0 ? text : `${text}\n${style.dim(wrap(notes.join("; "), width))}`;
}

function runRows(runs: readonly Run[], { style, now }: Terminal): readonly Row[] {
  const nowMs = now();
  return [
    { key: "status", cells: runs.map((run) => statusText(run, style)), dropped: 6 },
    { key: "started", cells: runs.map(({ startedMs }) => startedText(startedMs, nowMs)), dropped: 7 },
    { key: "time", cells: runs.map((run) => durationText(run, nowMs)), dropped: 3 },
  ];
}

function valueRows(
  { params, data, tags, metrics }: RunComparison,
  showsAll: boolean,
  terminal: Terminal,
): readonly Row[] {
  const isShown = ({ differs }: { readonly differs: boolean }): boolean => showsAll || differs;
  const textRow = ({ key, values }: ComparedTexts, dropped: number): Row => ({
    key,
    cells: values.map((value) => value ?? "-"),
    dropped,
  });
  return [
    ...metrics.filter(isShown).flatMap((metric, at) => metricRows(metric, at < mainMetrics ? 1 : 4, terminal)),
    ...params.filter(isShown).map((row) => textRow(row, 2)),
    ...data.filter(isShown).map((row) => textRow(row, 5)),
    ...tags.filter(isShown).map((row) => textRow(row, 8)),
  ];
}

/** The last values and, where another one was better, the best. */
function metricRows(
  { key, last, best, leaders }: ComparedMetric,
  dropped: number,
  { style }: Terminal,
): readonly Row[] {
  const cells = last.map((value, at) => {
    if (value === undefined) return "-";
    return leaders.includes(at) ? style.green(`${metricText(value)}${mark}`) : metricText(value);
  });
  const hasBetter = best.some((point, at) => point !== undefined && point.value !== last[at]);
  const bestCells = best.map((point) => (point === undefined ? "-" : `${metricText(point.value)} @${point.step}`));
  return [{ key, cells, dropped }, ...(hasBetter ? [{ key: `${key}, best`, cells: bestCells, dropped: 5 }] : [])];
}

function byKey(runs: readonly Run[], rows: readonly Row[], width: number) {
  const length = shortIdLength(runs.map(({ id }) => id));
  const all = [{ key: "id", cells: runs.map(({ id }) => id.slice(0, length)) }, ...rows];
  return fittedTable(
    [
      { title: "", cells: all.map(({ key }) => key), least: leastKey, cut: "middle" },
      ...runs.map(
        ({ name }, at): FittedColumn => ({
          title: name,
          cells: all.map(({ cells }) => cells[at]!),
          least: leastCell,
          cut: "middle",
        }),
      ),
    ],
    width,
  );
}

function byRun(runs: readonly Run[], rows: readonly Row[], width: number) {
  const length = shortIdLength(runs.map(({ id }) => id));
  return fittedTable(
    [
      { title: "ID", cells: runs.map(({ id }) => id.slice(0, length)) },
      { title: "NAME", cells: runs.map(({ name }) => name), least: 12 },
      ...rows.map(({ key, cells, dropped }): FittedColumn => ({ title: key, cells, dropped, least: leastTitle })),
    ],
    width,
  );
}

function equalCount({ params, data, tags, metrics }: RunComparison): number {
  return [...params, ...data, ...tags, ...metrics].filter(({ differs }) => !differs).length;
}

/** The same for programs; curves only where they are asked for. */
export function jsonComparison(
  comparison: RunComparison,
  showsAll: boolean,
  experiments: ReadonlyMap<string, string>,
): object {
  const isShown = ({ differs }: { readonly differs: boolean }): boolean => showsAll || differs;
  const texts = (rows: readonly ComparedTexts[]) =>
    rows.filter(isShown).map(({ values, ...row }) => ({ ...row, values: values.map((value) => value ?? null) }));
  const { runs, params, data, tags, metrics } = comparison;
  return {
    runs: runs.map((run) => jsonRun(run, experiments.get(run.experimentId))),
    params: texts(params),
    data: texts(data),
    tags: texts(tags),
    metrics: metrics.filter(isShown).map(({ key, goal, last, best, leaders, differs }) => ({
      key,
      goal: goal ?? null,
      last: last.map((value) => (value === undefined ? null : jsonNumber(value))),
      best: best.map((point) => (point === undefined ? null : { value: jsonNumber(point.value), step: point.step })),
      leaders,
      differs,
    })),
  };
}
