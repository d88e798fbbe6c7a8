/** ROC and precision-recall curves as Vega-Lite specifications. */
import type { TopLevelSpec } from "vega-lite";
import type { ClassCurves } from "../../metrics/analyse-answers.ts";
import { frame } from "../charts/spec-parts.ts";
import { seriesColour } from "../charts/theme.ts";
import { shareOn, shownLabel } from "./share-axis.ts";

interface PlotPoint {
  readonly x: number;
  readonly y: number;
}

/** True positives over false ones, a line for each class; the legend says the areas. */
export function rocChart(curves: readonly ClassCurves[]): TopLevelSpec {
  const named = curves.map(({ label, auc, roc }) => ({
    name: `${shownLabel(label)}  ${auc.toFixed(4)}`,
    points: roc.map(({ falsePositiveRate: x, truePositiveRate: y }) => ({ x, y })),
  }));
  const description = `ROC curves with their areas: ${named.map(({ name }) => name).join(", ")}`;
  const titles = { x: "false positive rate", y: "true positive rate" };
  return curveChart(description, named, titles, "linear", [0, 1]);
}

/** Precision over recall, a line for each class; the legend says average precisions. */
export function precisionRecallChart(curves: readonly ClassCurves[]): TopLevelSpec {
  const named = curves.map(({ label, averagePrecision, precisionRecall }) => ({
    name: `${shownLabel(label)}  ${averagePrecision.toFixed(4)}`,
    points: precisionRecall.map(({ recall: x, precision: y }) => ({ x, y })),
  }));
  const description = `Precision-recall curves with average precisions: ${named.map(({ name }) => name).join(", ")}`;
  // Average precision holds each precision back to the recall before it: the area below these
  // steps.
  return curveChart(description, named, { x: "recall", y: "precision" }, "step-before");
}

function curveChart(
  description: string,
  curves: readonly { readonly name: string; readonly points: readonly PlotPoint[] }[],
  titles: { readonly x: string; readonly y: string },
  interpolate: "linear" | "step-before",
  diagonal?: readonly [number, number],
): TopLevelSpec {
  const names = curves.map(({ name }) => name);
  const values = curves.flatMap(({ name, points }) => thinned(points).map((point, at) => ({ ...point, name, at })));
  const x = { field: "x", ...shareOn(titles.x) };
  const y = { field: "y", ...shareOn(titles.y) };
  return {
    ...frame(description),
    layer: [
      {
        data: { values: (diagonal ?? []).map((at) => ({ x: at, y: at })) },
        mark: { type: "line", color: "currentColor", opacity: 0.5, strokeDash: [4, 4] as number[], strokeWidth: 1 },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: "line", interpolate, strokeWidth: 1.75 },
        encoding: {
          x,
          y,
          // By default a line goes from left to right, also where several points have one abscissa.
          order: { field: "at", type: "quantitative" },
          color: {
            field: "name",
            type: "nominal",
            scale: { domain: names, range: names.map((_, at) => seriesColour(at)) },
            legend: { columns: 3, labelLimit: 120 },
          },
        },
      },
    ],
  };
}

/** Points nearer than this to the one before are not to be seen: less than a pixel. */
const visibleStep = 1 / 500;

/** The curve without points that nobody can see; the first and last stay. */
export function thinned(points: readonly PlotPoint[]): readonly PlotPoint[] {
  const kept: PlotPoint[] = [];
  points.forEach((point, at) => {
    const last = kept.at(-1);
    const isSeen = last === undefined || Math.hypot(point.x - last.x, point.y - last.y) >= visibleStep;
    if (isSeen || at === points.length - 1) kept.push(point);
  });
  return kept;
}
