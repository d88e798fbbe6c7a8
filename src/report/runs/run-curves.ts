/** Curves of metrics over steps: of one run by split, of many runs over each other. */
import type { TopLevelSpec } from "vega-lite";
import { shortenText, visibleText } from "../../base/visible-text.ts";
import type { RunComparison } from "../../tracking/compare-runs.ts";
import { byTelling, isSystemKey } from "../../tracking/metric-keys.ts";
import type { RunMetric } from "../../tracking/read-run.ts";
import type { MetricPoint, Run } from "../../tracking/run.ts";
import { chartWidthPx } from "../charts/chart.ts";
import { emptyChart, legendFor } from "../charts/spec-parts.ts";
import { seriesColour, theme } from "../charts/theme.ts";
import { countOf, listText } from "../page/elements.ts";

export interface CurvePanel {
  readonly title: string;
  readonly series: readonly { readonly name: string; readonly points: readonly MetricPoint[] }[];
}

/** A panel for each metric, a series for each run. */
export function comparisonPanels({ runs, curves }: RunComparison): readonly CurvePanel[] {
  const names = runNames(runs);
  return curves.map(({ key, points }) => ({
    title: key,
    series: points.map((ofRun, at) => ({ name: names[at]!, points: ofRun })),
  }));
}

/** A panel for each quantity, a series for each split that it was measured on. */
export function runPanels(metrics: readonly RunMetric[]): readonly CurvePanel[] {
  const panels = new Map<string, { name: string; points: readonly MetricPoint[] }[]>();
  const drawn = metrics.filter(({ key, points }) => points.length > 1 && !isSystemKey(key));
  for (const key of byTelling(drawn.map((metric) => metric.key))) {
    const [, split = key, quantity = key] = /^(train|val|valid|validation|test|eval)_(.+)$/.exec(key) ?? [];
    const series = panels.get(quantity) ?? [];
    series.push({ name: split, points: drawn.find((metric) => metric.key === key)!.points });
    panels.set(quantity, series);
  }
  return [...panels].map(([title, series]) => ({ title, series }));
}

/** The runs' names, with the beginning of the id where several have one name. */
export function runNames(runs: readonly Run[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { name } of runs) counts.set(name, (counts.get(name) ?? 0) + 1);
  return runs.map(({ id, name }) => {
    const shown = shortenText(visibleText(name), 40);
    return counts.get(name) === 1 && shown !== "" ? shown : `${shown} ${id.slice(0, 8)}`.trim();
  });
}

/** More points than pixels could not be told apart. */
const pointsShown = 200;
const panelHeightPx = 200;
/** Each colour is used once with every pattern before two series look the same. */
const patterns = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
] as const;

/** All panels below each other, with one legend: for a file. */
export function curvesChart(panels: readonly CurvePanel[], title: string): TopLevelSpec {
  const drawn = panels.filter(hasPoints);
  if (drawn.length === 0) return emptyChart(`${title}: no metric has points to draw`);
  const names = namesOf(drawn);
  return {
    description: `${title}: ${listText(drawn.map((panel) => panel.title))} over steps, ${countOf(names.length, "line")}.`,
    title: { text: title },
    vconcat: drawn.map((panel) => ({ width: chartWidthPx, height: panelHeightPx, ...layersOf(panel, names) })),
  };
}

/** One panel, for a page; without a legend where the page has one key for all. */
export function panelChart(panel: CurvePanel, names: readonly string[]): TopLevelSpec {
  if (!hasPoints(panel)) return emptyChart(`${panel.title}: no points to draw`);
  return {
    description: `${panel.title} over steps, ${countOf(panel.series.length, "line")}.`,
    width: chartWidthPx,
    height: panelHeightPx,
    autosize: { type: "fit-x", contains: "padding" },
    ...layersOf(panel, names, false),
  };
}

/** Colour and pattern of a line in its place, for a key beside the charts. */
export function lineLook(at: number): { readonly colour: string; readonly pattern: readonly number[] } {
  const { length } = theme.light.series;
  return { colour: seriesColour(at), pattern: patterns[Math.floor(at / length) % patterns.length]! };
}

function hasPoints({ series }: CurvePanel): boolean {
  return series.some(({ points }) => points.some(({ value }) => Number.isFinite(value)));
}

function namesOf(panels: readonly CurvePanel[]): readonly string[] {
  // A line that is alone in its panel has the panel's name.
  const shared = panels.filter(({ series }) => series.length > 1);
  return [...new Set(shared.flatMap(({ series }) => series.map(({ name }) => name)))];
}

function layersOf({ title, series }: CurvePanel, names: readonly string[], hasLegend = true) {
  const values = series.flatMap(({ name, points }) =>
    thinned(points).map(({ step, value }) => ({ name, step, value })),
  );
  const domain = [...names];
  const looks = names.map((_, at) => lineLook(at));
  const legend = legendFor(names);
  const shown = hasLegend && legend !== null ? { ...legend, symbolType: "stroke" as const, symbolSize: 200 } : null;
  const isShort = series.every(({ points }) => points.length < 2);
  return {
    data: { values },
    mark: {
      type: "line" as const,
      strokeWidth: 1.75,
      ...((isShort || values.length <= series.length) && { point: true }),
    },
    encoding: {
      x: {
        field: "step",
        type: "quantitative" as const,
        scale: { nice: false, zero: false },
        axis: { title: "step", format: "~s", tickMinStep: 1, tickCount: 6, grid: false },
      },
      y: {
        field: "value",
        type: "quantitative" as const,
        scale: { zero: false },
        axis: { title: shortenText(visibleText(title), 40), tickCount: 5, minExtent: 44 },
      },
      ...(series.length > 1
        ? {
            color: {
              field: "name",
              type: "nominal" as const,
              scale: { domain, range: looks.map(({ colour }) => colour) },
              legend: shown,
            },
            strokeDash: {
              field: "name",
              type: "nominal" as const,
              scale: { domain, range: looks.map(({ pattern }) => [...pattern]) },
              legend: shown,
            },
          }
        : { color: { value: seriesColour(0) } }),
    },
  };
}

/** Of many points the lowest and the highest of each stretch, so that no peak is lost; no NaN. */
export function thinned(points: readonly MetricPoint[]): readonly MetricPoint[] {
  const finite = points.filter(({ value }) => Number.isFinite(value));
  if (finite.length <= pointsShown) return finite;
  const stretches = pointsShown / 2;
  const kept = new Set<MetricPoint>([finite[0]!, finite.at(-1)!]);
  for (let at = 0; at < stretches; at++) {
    const part = finite.slice((at * finite.length) / stretches, ((at + 1) * finite.length) / stretches);
    kept.add(part.reduce((low, point) => (point.value < low.value ? point : low)));
    kept.add(part.reduce((high, point) => (point.value > high.value ? point : high)));
  }
  return finite.filter((point) => kept.has(point));
}
