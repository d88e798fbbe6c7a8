/**
 * The kinds of charts that reports are made of: functions from plain data to Vega-Lite
 * specifications.
 */
import type { TopLevelSpec } from "vega-lite";
import { shortenText, visibleText } from "../page/visible-text.ts";
import { type BinScale, binEdges, clusterPoints, countInBins } from "./bins.ts";
import { chartFontPx, chartWidthPx, legendLimitPx, textWidth } from "./chart.ts";
import { seriesColour, theme } from "./theme.ts";

interface ChartText {
  /** One sentence for those who cannot see the chart. */
  readonly description: string;
}

/** Formats of d3-format for axes and figures: `1,234`, `12k`, `45%`. */
const formats = { number: ",~r", short: "~s", percent: ".0%" } as const;
type NumberFormat = keyof typeof formats;

export interface Bar {
  readonly label: string;
  readonly value: number;
}

export interface BarChartOptions extends ChartText {
  /** From top to bottom; labels differ. */
  readonly bars: readonly Bar[];
  /** What the length of a bar is. */
  readonly valueTitle: string;
}

/** Horizontal bars, each with its label before and its value behind it. */
export function barChart({ bars, ...rest }: BarChartOptions): TopLevelSpec {
  return stackedBarChart({ ...rest, parts: bars.map((bar) => ({ ...bar, series: "" })) });
}

export interface BarPart extends Bar {
  readonly series: string;
}

export interface StackedBarChartOptions extends ChartText {
  /** Bars and series stand in the order in which they first occur. */
  readonly parts: readonly BarPart[];
  readonly valueTitle: string;
}

/**
 * Horizontal bars of coloured parts, each with its label before and its sum behind it; a legend
 * where there are several series.
 */
export function stackedBarChart({ description, parts, valueTitle }: StackedBarChartOptions): TopLevelSpec {
  const values = parts.map(({ label, series, value }) => ({ label: shown(label), series: shown(series), value }));
  const labels = [...new Set(values.map(({ label }) => label))];
  const series = [...new Set(values.map((part) => part.series))];
  const sums = labels.map((label) => ({
    label,
    sum: values.filter((part) => part.label === label).reduce((sum, { value }) => sum + value, 0),
  }));
  if (labels.length === 0) return emptyChart(description);
  const y = { field: "label", type: "nominal", sort: labels, title: null } as const;
  const labelWidth = Math.min(labelLimitPx, widestPx(labels));
  const sumWidth = widestPx(sums.map(({ sum }) => sum.toLocaleString("en-US")));
  return {
    description,
    autosize: "pad",
    width: chartWidthPx - labelWidth - sumWidth - 30,
    height: { step: 26 },
    layer: [
      {
        data: { values },
        mark: { type: "bar", height: { band: 0.7 } },
        encoding: {
          y: { ...y, axis: { domain: false, labelLimit: labelLimitPx, labelOverlap: false } },
          x: quantity("value", { title: valueTitle, stack: "zero", axis: { tickCount: 4 } }),
          color: { field: "series", type: "nominal", scale: colours(series), legend: legendFor(series) },
          // Without an order the parts would be stacked by name.
          order: { field: "rank", type: "quantitative" },
        },
        transform: [{ calculate: `indexof(${JSON.stringify(series)}, datum.series)`, as: "rank" }],
      },
      {
        data: { values: sums },
        mark: { type: "text", align: "left", dx: 5 },
        encoding: { y, x: quantity("sum"), text: { field: "sum", type: "quantitative", format: formats.number } },
      },
    ],
  };
}

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
  readonly format?: NumberFormat;
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

export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  readonly series: string;
}

export interface ScatterChartOptions extends ChartText {
  readonly points: readonly ScatterPoint[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** Points that lie close together are drawn as one larger one until there are at most so many. */
  readonly maxMarks?: number;
}

/**
 * Points in the colour and shape of their series; the area of a mark stands for how many points it
 * is made of.
 */
export function scatterChart({
  description,
  points,
  xTitle,
  yTitle,
  maxMarks = 1200,
}: ScatterChartOptions): TopLevelSpec {
  const clusters = clusterPoints(points, maxMarks).map((cluster) => ({ ...cluster, series: shown(cluster.series) }));
  const series = [...new Set(points.map((point) => shown(point.series)))];
  if (clusters.length === 0) return emptyChart(description);
  const largest = clusters.reduce((max, { count }) => Math.max(max, count), 1);
  const common = { field: "series", type: "nominal", legend: legendFor(series) } as const;
  const scale = { zero: false, nice: false, padding: 14 };
  // Large marks first, so that none hides a smaller one; else in no order, so that no series lies
  // above another.
  const scattered = (x: number, y: number): number => (x * 7919 + y * 104_729) % 1009;
  const values = clusters.toSorted((a, b) => b.count - a.count || scattered(a.x, a.y) - scattered(b.x, b.y));
  return {
    ...frame(description, 280),
    data: { values },
    mark: { type: "point", filled: true, opacity: 0.55, clip: true },
    encoding: {
      x: quantity("x", { title: xTitle, scale, axis: { format: formats.number, tickCount: 6 } }),
      y: quantity("y", { title: yTitle, scale, axis: { format: formats.number, tickCount: 6 } }),
      color: { ...common, scale: colours(series) },
      shape: { ...common, scale: { domain: series, range: shapesFor(series) } },
      size: {
        field: "count",
        type: "quantitative",
        legend: null,
        scale: { type: "sqrt", domain: [1, Math.max(2, largest)], range: [16, 220] },
      },
    },
  };
}

/** Names in charts: a line each, and no longer than fits beside a chart. */
function shown(label: string): string {
  return shortenText(visibleText(label), 40);
}

function frame(description: string, heightPx: number) {
  return {
    description,
    width: chartWidthPx,
    height: heightPx,
    autosize: { type: "fit-x", contains: "padding" },
  } as const;
}

/** What stands in the place of a chart that has nothing to show. */
function emptyChart(description: string): TopLevelSpec {
  return {
    ...frame(description, 40),
    data: { values: [{ text: "nothing to show" }] },
    mark: { type: "text", opacity: 0.6 },
    encoding: { text: { field: "text", type: "nominal" } },
  };
}

/** Longer labels end in an ellipsis. */
const labelLimitPx = 140;

function widestPx(labels: readonly string[]): number {
  return Math.max(...labels.map((label) => textWidth(label) * chartFontPx));
}

function quantity<T extends object>(field: string, more?: T) {
  return { field, type: "quantitative" as const, ...(more as T) };
}

function colours(series: readonly string[]) {
  return { domain: [...series], range: series.map((_, at) => seriesColour(at)) };
}

const shapes = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross"];

function shapesFor(series: readonly string[]): string[] {
  return series.map((_, at) => shapes[at % theme.light.series.length]!);
}

/** As many columns as fit into the width of a chart. */
function legendFor(series: readonly string[]) {
  if (series.length < 2) return null;
  // 40 pixels are what the symbol and the gaps take.
  const widest = Math.min(legendLimitPx, widestPx(series)) + 40;
  return { columns: Math.max(1, Math.floor(chartWidthPx / widest)) };
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
