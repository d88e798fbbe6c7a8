/** Charts over time: a line of a figure by window, with what it is compared with. */
import type { TopLevelSpec } from "vega-lite";
import { colours, frame, legendFor } from "../../report/charts/spec-parts.ts";

export interface TimePoint {
  readonly timeMs: number;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

export interface TimeSeries {
  readonly name: string;
  readonly points: readonly TimePoint[];
}

export interface TimeChartOptions {
  /** One sentence for those who cannot see the chart. */
  readonly description: string;
  readonly axis: string;
  /** Of d3-format. */
  readonly format: string;
  readonly series: readonly TimeSeries[];
  /** What the reference has: a dashed line. */
  readonly reference?: number;
  /** Where half of the reference's pictures are: a grey band. */
  readonly quartiles?: readonly [number, number];
  /** Times of windows whose test in this found a difference. */
  readonly marked?: readonly number[];
  readonly heightPx?: number;
}

const twoDaysMs = 2 * 86_400_000;

/** Of UTC, as everything in a report; by the hour where that is enough. */
function timeAxis(times: readonly number[]) {
  const isLong = times.length > 0 && Math.max(...times) - Math.min(...times) > twoDaysMs;
  return {
    field: "time",
    type: "temporal",
    scale: { type: "utc" },
    axis: { title: null, tickCount: 5, grid: false, format: isLong ? "%b %d" : "%H:%M" },
  } as const;
}

/** Lines, with bands where points have intervals. */
export function timeChart(options: TimeChartOptions): TopLevelSpec {
  const { description, axis, format, series, reference, quartiles, marked = [], heightPx = 150 } = options;
  const names = series.map(({ name }) => name);
  const marks = new Set(marked);
  const values = series.flatMap(({ name, points }) =>
    points.map(({ timeMs, value, low, high }) => ({
      name,
      time: timeMs,
      value,
      low,
      high,
      isMarked: marks.has(timeMs),
    })),
  );
  const y = {
    field: "value",
    type: "quantitative",
    scale: { zero: false, nice: true },
    axis: { title: axis, format, tickCount: 4 },
  } as const;
  const color = { field: "name", type: "nominal", scale: colours(names), legend: legendFor(names) } as const;
  const times = values.map(({ time }) => time);
  const x = timeAxis(times);
  const span =
    times.length === 0 || quartiles === undefined
      ? []
      : [{ from: Math.min(...times), to: Math.max(...times), low: quartiles[0], high: quartiles[1] }];
  const bands = values.filter(({ low }) => low !== undefined);
  return {
    ...frame(description, heightPx),
    layer: [
      {
        data: { values: span },
        mark: { type: "rect", color: "currentColor", opacity: 0.07 },
        encoding: { x: { ...x, field: "from" }, x2: { field: "to" }, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        data: { values: bands },
        mark: { type: "area", opacity: 0.18 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
      },
      {
        data: { values: reference === undefined ? [] : [{ value: reference }] },
        mark: { type: "rule", color: "currentColor", opacity: 0.5, strokeDash: [4, 4] as number[] },
        encoding: { y },
      },
      {
        data: { values },
        mark: { type: "line", strokeWidth: 1.75, ...(values.length <= names.length && { point: true }) },
        encoding: { x, y, color },
      },
      {
        data: { values: values.filter(({ isMarked }) => isMarked) },
        mark: { type: "point", filled: true, size: 36, color: "var(--error, #b3261e)", opacity: 1 },
        encoding: { x, y },
      },
    ],
  };
}

/** Shares of all that add up to 1. */
export function shareChart(description: string, series: readonly TimeSeries[]): TopLevelSpec {
  const names = series.map(({ name }) => name);
  const x = timeAxis(series.flatMap(({ points }) => points.map(({ timeMs }) => timeMs)));
  return {
    ...frame(description, 150),
    data: {
      values: series.flatMap(({ name, points }) => points.map(({ timeMs, value }) => ({ name, time: timeMs, value }))),
    },
    mark: { type: "area", opacity: 0.75 },
    encoding: {
      x,
      y: {
        field: "value",
        type: "quantitative",
        stack: "normalize",
        axis: { title: "share of the answers", format: ".0%", tickCount: 4 },
      },
      color: { field: "name", type: "nominal", scale: colours(names), legend: legendFor(names) },
      order: { field: "name", type: "nominal" },
    },
  };
}
