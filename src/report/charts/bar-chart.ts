/** Bars as Vega-Lite specifications. */
import type { TopLevelSpec } from "vega-lite";
import { chartWidthPx } from "./chart.ts";
import { type ChartText, colours, emptyChart, formats, legendFor, quantity, shown, widestPx } from "./spec-parts.ts";

/** Longer labels end in an ellipsis. */
const labelLimitPx = 140;

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
