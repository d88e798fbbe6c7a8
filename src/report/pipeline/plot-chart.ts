/** Plots of pipelines as Vega-Lite specifications: one for each plot, a line or colour for each revision. */
import type { TopLevelSpec } from "vega-lite";
import type { PlotData } from "../../pipeline/plots.ts";
import { chartWidthPx } from "../charts/chart.ts";
import { colours, emptyChart, frame, legendFor, shown } from "../charts/spec-parts.ts";

/** More rows are drawn evenly thinned. */
const mostPoints = 5000;

/** The same plot of one revision or several; of confusion of one. */
export function plotChart(plots: readonly PlotData[]): TopLevelSpec {
  const [first] = plots;
  if (first === undefined) return emptyChart("no data");
  const { template, y, title } = first;
  const description = `${shown(title)}: ${[...new Set(plots.map(({ revision }) => revision))].join(", ")}.`;
  if (y === undefined || plots.every(({ rows }) => rows.length === 0)) return emptyChart(`${description} No rows.`);
  if (template === "confusion") return confusion(first, description);
  return template === "bar_horizontal" ? bars(plots, description) : lines(plots, description);
}

function lines(plots: readonly PlotData[], description: string): TopLevelSpec {
  const { xTitle, yTitle, template } = plots[0]!; // there is one
  const values = plots.flatMap(({ rows, revision, curve, x, y = "" }) =>
    thinned(rows).map(([row, at]) => ({
      x: numeric(x === undefined ? at : row[x]),
      y: numeric(row[y]),
      rev: shown(revision),
      curve: shown(curve),
    })),
  );
  const revisions = [...new Set(plots.map(({ revision }) => shown(revision)))];
  const curves = [...new Set(plots.map(({ curve }) => shown(curve)))];
  // Curves in colours where there are several: then revisions differ in their strokes.
  const [field, series] = curves.length > 1 ? (["curve", curves] as const) : (["rev", revisions] as const);
  const isScatter = template === "scatter";
  const second = { field: "rev", type: "nominal", sort: revisions, title: null } as const;
  const isNumeric = values.every((value) => typeof value.x === "number");
  return {
    ...frame(description, 260),
    data: { values },
    mark: isScatter ? { type: "point", filled: true, opacity: 0.7 } : { type: "line", strokeWidth: 2 },
    encoding: {
      x: {
        field: "x",
        type: isNumeric ? "quantitative" : "nominal",
        title: shown(xTitle ?? "row"),
        ...(isNumeric && { scale: { zero: false } }),
        ...(!isNumeric && { sort: null }),
      },
      y: { field: "y", type: "quantitative", title: shown(yTitle ?? "value"), scale: { zero: false } },
      color: { field, type: "nominal", scale: colours(series), legend: legendFor(series) },
      ...(field === "curve" && revisions.length > 1 && { [isScatter ? "shape" : "strokeDash"]: second }),
    },
  };
}

function bars(plots: readonly PlotData[], description: string): TopLevelSpec {
  const { xTitle, yTitle } = plots[0]!; // there is one
  const seriesOf = ({ revision, curve }: PlotData): string => shown(curve === "" ? revision : `${revision}: ${curve}`);
  const values = plots.flatMap((plot) => {
    const { rows, x, y = "" } = plot;
    return thinned(rows).map(([row, at]) => ({
      x: numeric(x === undefined ? at : row[x]),
      y: shown(String(row[y])),
      rev: seriesOf(plot),
    }));
  });
  const series = [...new Set(plots.map(seriesOf))];
  return {
    description,
    width: chartWidthPx,
    autosize: { type: "fit-x", contains: "padding" },
    height: { step: series.length > 1 ? 14 : 24 },
    data: { values },
    mark: { type: "bar" },
    encoding: {
      x: { field: "x", type: "quantitative", title: shown(xTitle ?? "value") },
      y: { field: "y", type: "nominal", title: shown(yTitle ?? "value"), sort: null },
      yOffset: { field: "rev", sort: series },
      color: { field: "rev", type: "nominal", scale: colours(series), legend: legendFor(series) },
    },
  };
}

/** Counts of pairs of what is (y) and what was answered (x). */
function confusion({ rows, x = "", y = "", xTitle, yTitle }: PlotData, description: string): TopLevelSpec {
  const counts = new Map<string, { x: string; y: string; count: number }>();
  for (const row of rows) {
    const pair = { x: shown(String(row[x])), y: shown(String(row[y])) };
    const key = `${pair.x}\0${pair.y}`;
    counts.set(key, { ...pair, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  const values = [...counts.values()];
  const labels = [...new Set(values.flatMap((value) => [value.x, value.y]))].sort();
  const most = Math.max(...values.map(({ count }) => count));
  const axis = { grid: false, labelLimit: 120 } as const;
  const encoding = {
    x: { field: "x", type: "nominal", sort: labels, title: shown(xTitle ?? x), axis: { ...axis, labelAngle: -40 } },
    y: { field: "y", type: "nominal", sort: labels, title: shown(yTitle ?? y), axis },
  } as const;
  return {
    ...frame(description, Math.max(120, Math.min(440, 46 * labels.length))),
    data: { values },
    encoding,
    layer: [
      {
        mark: "rect",
        encoding: { color: { field: "count", type: "quantitative", scale: { scheme: "blues" }, legend: null } },
      },
      {
        mark: { type: "text" },
        encoding: {
          text: { field: "count", type: "quantitative" },
          color: { condition: { test: `datum.count > ${most / 2}`, value: "#ffffff" }, value: "#1f2430" },
        },
      },
    ],
  };
}

function numeric(value: unknown): unknown {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isNaN(number) ? value : number;
}

/** Rows with their places. */
function thinned<T>(rows: readonly T[]): readonly (readonly [T, number])[] {
  const length = Math.min(rows.length, mostPoints);
  return Array.from({ length }, (_, drawn) => {
    const at = Math.floor((drawn * rows.length) / length);
    return [rows[at]!, at] as const; // at is below rows.length
  });
}
