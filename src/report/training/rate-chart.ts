/** The chart of a learning-rate range test. */
import type { TopLevelSpec } from "vega-lite";
import { chartWidthPx } from "../charts/chart.ts";
import { seriesColour } from "../charts/theme.ts";

export interface RateChartPoint {
  readonly learningRate: number;
  readonly smoothedLoss: number;
}

export interface RateChartMarks {
  /** What is suggested, and the range in which the loss falls; undefined where it does not fall. */
  readonly advice:
    | { readonly suggestion: number; readonly range: { readonly from: number; readonly to: number } }
    | undefined;
  /** The rate that a training would have otherwise. */
  readonly usualRate: number;
}

const heightPx = 240;

/**
 * The smoothed loss over the rate, on a logarithmic axis, with the range in which it falls, the
 * suggested rate and the usual one.
 */
export function rateChart(points: readonly RateChartPoint[], { advice, usualRate }: RateChartMarks): TopLevelSpec {
  const rate = (field: string) =>
    ({
      field,
      type: "quantitative",
      scale: { type: "log" },
      axis: { title: "learning rate", format: "~e", grid: false },
    }) as const;
  const rates = points.map(({ learningRate }) => learningRate);
  const isShown = (value: number): boolean => value >= Math.min(...rates) && value <= Math.max(...rates);
  const suggestion = advice?.suggestion;
  const isLower = suggestion !== undefined && usualRate < suggestion;
  // Each label on the side away from the other mark.
  const marks = [
    ...(suggestion === undefined
      ? []
      : [{ rate: suggestion, text: `suggested ${rateText(suggestion)}`, isLeft: !isLower, dash: [4, 3] }]),
    { rate: usualRate, text: `train uses ${rateText(usualRate)}`, isLeft: isLower, dash: [1, 3] },
  ].filter((mark) => isShown(mark.rate));
  const finding =
    advice === undefined
      ? "the loss does not clearly fall"
      : `falls from ${rateText(advice.range.from)} to ${rateText(advice.range.to)}; suggested: ${rateText(advice.suggestion)}`;
  return {
    title: { text: "Loss at growing learning rates", subtitle: finding },
    description: `The loss of a short training whose learning rate grows${
      advice === undefined
        ? "; it does not clearly fall"
        : `; it falls from ${rateText(advice.range.from)} to ${rateText(advice.range.to)}, and ${rateText(advice.suggestion)} is suggested`
    }.`,
    width: chartWidthPx,
    height: heightPx,
    layer: [
      {
        data: { values: advice === undefined ? [] : [advice.range] },
        mark: { type: "rect", color: seriesColour(0), opacity: 0.12 },
        encoding: { x: rate("from"), x2: { field: "to" } },
      },
      {
        data: { values: points.map(({ learningRate, smoothedLoss }) => ({ learningRate, smoothedLoss })) },
        mark: { type: "line", color: seriesColour(0), strokeWidth: 2 },
        encoding: {
          x: rate("learningRate"),
          y: { field: "smoothedLoss", type: "quantitative", scale: { zero: false }, axis: { title: "loss, smoothed" } },
        },
      },
      ...marks.map(({ isLeft, dash, ...mark }) => ({
        data: { values: [mark] },
        layer: [
          { mark: { type: "rule", color: "currentColor", strokeDash: dash } as const, encoding: { x: rate("rate") } },
          {
            mark: { type: "text", align: isLeft ? "right" : "left", dx: isLeft ? -4 : 4 } as const,
            encoding: { x: rate("rate"), y: { value: 8 }, text: { field: "text" } },
          },
        ],
      })),
    ],
  };
}

/** With two digits: `0.0021`. */
function rateText(rate: number): string {
  return String(Number(rate.toPrecision(2)));
}
