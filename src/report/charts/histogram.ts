/** Histograms as Vega-Lite specifications. */
import type { TopLevelSpec } from "vega-lite";
import { type BinScale, binEdges, countInBins } from "./bins.ts";
import { type ChartText, colours, emptyChart, formats, frame, legendFor, quantity, shown } from "./spec-parts.ts";

export interface HistogramSeries {
  readonly label: string;
  readonly values: readonly number[];
}

export interface AxisTick {
  readonly value: number;
  readonly label: string;
}

export interface HistogramOptions extends ChartText {
  readonly series: readonly HistogramSeries[];
  /** What is counted along the horizontal axis. */
  readonly valueTitle: string;
  /** What the height is; "pictures", or "share of the class" for several series, unless given. */
  readonly amountTitle?: string;
  readonly bins?: number;
  readonly scale?: BinScale;
  /** Instead of the axis' own labels. */
  readonly ticks?: readonly AxisTick[];
  /** `short` writes 12k for 12,000. */
  readonly format?: keyof typeof formats;
  /** Behind each number of the axis, such as "B". */
  readonly unit?: string;
}

/**
 * One series: how many values lie in each bin. Several: outlines of each one's shares of its own
 * values, so that sizes do not hide shapes.
 */
export function histogram(options: HistogramOptions): TopLevelSpec {
  const { description, series, valueTitle, bins = 40, scale = "linear", ticks, format = "number", unit = "" } = options;
  const edges = binEdges(
    series.flatMap(({ values }) => values),
    bins,
    scale,
  );
  if (edges.length === 0) return emptyChart(description);
  const isOne = series.length === 1;
  const labels = series.map(({ label }) => shown(label));
  const rows = series.flatMap(({ values }, at) => {
    const counted = countInBins(values, edges);
    const amount = (count: number): number => (isOne ? count : count / Math.max(1, values.length));
    return counted.map(({ start, end, count }) => ({ series: labels[at]!, start, end, amount: amount(count) }));
  });
  const x = quantity("start", {
    title: valueTitle,
    scale: { type: scale, domain: [edges[0]!, edges.at(-1)!], nice: false, zero: false },
    axis: { grid: false, format: formats[format], ...axisLabels(unit, ticks), tickCount: 6 },
  });
  const y = quantity("amount", {
    title: options.amountTitle ?? (isOne ? "pictures" : "share of the class"),
    axis: { format: isOne ? formats.number : formats.percent, tickCount: 4, ...(isOne && { tickMinStep: 1 }) },
  });
  const color = { field: "series", type: "nominal", scale: colours(labels), legend: legendFor(labels) } as const;
  if (isOne) {
    const mark = { type: "rect", stroke: "none", xOffset: 0.5, x2Offset: -0.5 } as const;
    return {
      ...frame(description, 180),
      data: { values: rows },
      mark,
      encoding: { x, x2: { field: "end" }, y, y2: { datum: 0 }, color },
    };
  }
  // A step is drawn from one point to the next, so that the last bin needs its end as a point.
  const steps = rows.flatMap((row) => (row.end === edges.at(-1) ? [row, { ...row, start: row.end }] : [row]));
  return {
    ...frame(description, 180),
    data: { values: steps },
    mark: { type: "line", interpolate: "step-after", strokeWidth: 1.75 },
    encoding: { x, y, color },
  };
}

/** Numbers with a unit, or the given texts in place of numbers. */
function axisLabels(unit: string, ticks: readonly AxisTick[] | undefined) {
  // Some labels of a logarithmic axis are empty, and zero needs no unit.
  const withUnit = `datum.value === 0 ? "0" : datum.label === "" ? "" : datum.label + ${JSON.stringify(unit)}`;
  if (ticks === undefined) return unit === "" ? {} : { labelExpr: withUnit };
  const values = ticks.map(({ value }) => value);
  const labels = JSON.stringify(ticks.map(({ label }) => label));
  return { values, labelExpr: `${labels}[indexof(${JSON.stringify(values)}, datum.value)]` };
}
