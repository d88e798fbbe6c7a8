/** The chart of a learning-rate range test. */
import type { TopLevelSpec } from "vega-lite";
import { chartWidthPx } from "../charts/chart.ts";
import { seriesColour } from "../charts/theme.ts";

export interface RateChartPoint {
  readonly learningRate: number;
  readonly smoothedLoss: number;
}

/** The smoothed loss over the rate, on a logarithmic axis, with the suggested rate marked. */
export function rateChart(points: readonly RateChartPoint[], suggestion: number | undefined): TopLevelSpec {
  const x = {
    field: "learningRate",
    type: "quantitative",
    scale: { type: "log" },
    axis: { title: "learning rate", format: "~e", grid: false },
  } as const;
  const rule = {
    data: { values: suggestion === undefined ? [] : [{ learningRate: suggestion }] },
    mark: { type: "rule", color: "currentColor", strokeDash: [4, 3] as number[] },
    encoding: { x },
  } as const;
  const finding = suggestion === undefined ? "no rate is suggested" : `suggested: ${suggestion.toPrecision(2)}`;
  return {
    title: { text: "Loss at growing learning rates", subtitle: finding },
    description: `The loss of a short training whose learning rate grows${suggestion === undefined ? "" : `; it falls fastest at ${suggestion.toPrecision(2)}`}.`,
    width: chartWidthPx,
    height: 240,
    layer: [
      {
        data: { values: points.map(({ learningRate, smoothedLoss }) => ({ learningRate, smoothedLoss })) },
        mark: { type: "line", color: seriesColour(0), strokeWidth: 2 },
        encoding: {
          x,
          y: { field: "smoothedLoss", type: "quantitative", scale: { zero: false }, axis: { title: "loss, smoothed" } },
        },
      },
      rule,
    ],
  };
}
