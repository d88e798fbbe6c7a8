/**
 * Calibration and coverage charts: functions from figures to Vega-Lite specifications.
 */
import type { TopLevelSpec } from "vega-lite";
import { textWidth } from "../../base/text-width.ts";
import type { ReliabilityBin } from "../../metrics/calibration.ts";
import type { ThresholdRow } from "../../metrics/thresholds.ts";
import { chartWidthPx } from "../charts/chart.ts";
import { frame, rimmedText } from "../charts/spec-parts.ts";
import { seriesColour } from "../charts/theme.ts";
import { formatShare } from "../page/elements.ts";
import { shareOn } from "./share-axis.ts";

/** Accuracy over confidence: bars below the diagonal are answers that were too sure. */
export function reliabilityChart(bins: readonly ReliabilityBin[], ece: number): TopLevelSpec {
  const values = bins
    .filter(({ count }) => count > 0)
    .map(({ low, high, confidence, accuracy, interval, count }) => {
      return { low, high, confidence, accuracy, from: interval?.low, to: interval?.high, count };
    });
  const x = shareOn("confidence");
  const y = shareOn("accuracy");
  return {
    ...frame(
      `Reliability diagram: accuracy of answers by their confidence; expected calibration error ${formatShare(ece)}`,
    ),
    layer: [
      {
        data: { values },
        mark: { type: "rect", color: seriesColour(0), opacity: 0.35 },
        encoding: {
          x: { ...x, field: "low" },
          x2: { field: "high" },
          y: { ...y, field: "accuracy" },
          y2: { datum: 0 },
        },
      },
      {
        data: {
          values: [
            { at: 0, same: 0 },
            { at: 1, same: 1 },
          ],
        },
        mark: { type: "line", color: "currentColor", opacity: 0.6, strokeDash: [4, 4] as number[], strokeWidth: 1 },
        encoding: { x: { ...x, field: "at" }, y: { ...y, field: "same" } },
      },
      {
        data: { values },
        mark: { type: "rule", color: seriesColour(0), strokeWidth: 1.5 },
        encoding: { x: { ...x, field: "confidence" }, y: { ...y, field: "from" }, y2: { field: "to" } },
      },
      {
        data: { values },
        mark: { type: "point", filled: true, size: 45, color: seriesColour(0), opacity: 1 },
        encoding: { x: { ...x, field: "confidence" }, y: { ...y, field: "accuracy" } },
      },
    ],
  };
}

/** How many answers have which confidence, in the bins of the reliability diagram. */
export function confidenceChart(bins: readonly ReliabilityBin[]): TopLevelSpec {
  return {
    ...frame("How many answers have which confidence", 160),
    data: { values: bins.map(({ low, high, count }) => ({ low, high, count })) },
    mark: { type: "rect", color: seriesColour(0), xOffset: 0.5, x2Offset: -0.5 },
    encoding: {
      x: { field: "low", ...shareOn("confidence") },
      x2: { field: "high" },
      y: {
        field: "count",
        type: "quantitative",
        axis: { tickCount: 4, tickMinStep: 1, format: ",~r", title: "pictures" },
      },
      y2: { datum: 0 },
    },
  };
}

/** What accuracy is had for what share of answers, from threshold to threshold. */
export function coverageChart(rows: readonly ThresholdRow[]): TopLevelSpec {
  const values = rows
    .filter(({ kept }) => kept > 0)
    .map(({ threshold, coverage, accuracy = 0, interval }) => {
      return { threshold: `${threshold}`, coverage, accuracy, from: interval?.low, to: interval?.high };
    });
  const lowest = values.reduce((low, { accuracy, from }) => Math.min(low, from ?? accuracy), 1);
  const domain = [Math.min(0.95, Math.floor(20 * lowest) / 20), 1] as const;
  const labelled = labelsApart(values, domain);
  const x = { field: "coverage", ...shareOn("share of pictures that are answered") };
  const y = {
    type: "quantitative",
    scale: { domain: [...domain] as number[] },
    axis: { format: ".1~%", tickCount: 5, title: "accuracy of the answers" },
  } as const;
  const text = { x, y: { ...y, field: "accuracy" }, text: { field: "threshold" } } as const;
  return {
    ...frame("Accuracy of the answers that are kept, over the share of pictures that get one", coverageHeightPx),
    data: { values },
    layer: [
      {
        mark: { type: "area", color: seriesColour(0), opacity: 0.15 },
        encoding: { x, y: { ...y, field: "from" }, y2: { field: "to" } },
      },
      {
        mark: { type: "line", color: seriesColour(0), point: { color: seriesColour(0), size: 40 } },
        encoding: { x, y: { ...y, field: "accuracy" } },
      },
      ...rimmedText({ dy: -11, fontSize: labelPx.font }, { data: { values: labelled }, encoding: text }),
    ],
  };
}

const coverageHeightPx = 220;
/** What the axes' own texts leave of a chart's width. */
const plotWidthPx = chartWidthPx - 70;
const labelPx = { font: 11, height: 14 } as const;

interface LabelledPoint {
  readonly threshold: string;
  readonly coverage: number;
  readonly accuracy: number;
}

/** The points whose labels do not touch each other: the ends first, then from left to right. */
export function labelsApart<P extends LabelledPoint>(
  points: readonly P[],
  [low, high]: readonly [number, number],
): readonly P[] {
  const place = ({ threshold, coverage, accuracy }: P) => ({
    x: coverage * plotWidthPx,
    y: ((high - accuracy) / (high - low)) * coverageHeightPx,
    width: textWidth(threshold) * labelPx.font + 6,
  });
  const kept: P[] = [];
  for (const point of new Set([...points.slice(0, 1), ...points.slice(-1), ...points])) {
    const here = place(point);
    const isApart = kept.map(place).every((there) => {
      const gap = (here.width + there.width) / 2;
      return Math.abs(here.x - there.x) >= gap || Math.abs(here.y - there.y) >= labelPx.height;
    });
    if (isApart) kept.push(point);
  }
  return kept;
}
