/** Points in two dimensions as Vega-Lite specifications. */
import type { TopLevelSpec } from "vega-lite";
import { clusterPoints } from "./bins.ts";
import { type ChartText, colours, emptyChart, formats, frame, legendFor, quantity, shown } from "./spec-parts.ts";
import { theme } from "./theme.ts";

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

const shapes = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross"];

function shapesFor(series: readonly string[]): string[] {
  return series.map((_, at) => shapes[at % theme.light.series.length]!);
}
