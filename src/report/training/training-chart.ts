/** The chart of a training: accuracy over minutes. */
import type { TopLevelSpec } from "vega-lite";
import { chartWidthPx } from "../charts/chart.ts";
import { seriesColour } from "../charts/theme.ts";

export interface TrainingChartEpoch {
  readonly epoch: number;
  /** Shares from 0 to 1; that of training is over pictures as they were varied. */
  readonly trainAccuracy: number;
  readonly validationAccuracy: number;
  /** Of this epoch, validation included. */
  readonly durationMs: number;
}

const names = { validation: "validation", train: "training, pictures varied" } as const;

/** Accuracy on both splits over minutes of training, the best epoch marked. */
export function trainingChart(history: readonly TrainingChartEpoch[], bestEpoch: number): TopLevelSpec {
  let elapsedMs = 0;
  const values = history.flatMap(({ epoch, trainAccuracy, validationAccuracy, durationMs }) => {
    elapsedMs += durationMs;
    const minutes = elapsedMs / 60_000;
    return [
      { epoch, minutes, accuracy: validationAccuracy, split: names.validation },
      { epoch, minutes, accuracy: trainAccuracy, split: names.train },
    ];
  });
  const best = values.filter(({ epoch, split }) => epoch === bestEpoch && split === names.validation);
  const x = { field: "minutes", type: "quantitative", axis: { title: "minutes", grid: false } } as const;
  const y = {
    field: "accuracy",
    type: "quantitative",
    scale: { zero: false },
    axis: { title: "accuracy", format: "~%" },
  } as const;
  const found = best[0] ? `, the best of validation ${(100 * best[0].accuracy).toFixed(2)} %` : "";
  return {
    description: `Accuracy over minutes of training: ${history.length} epochs${found}.`,
    width: chartWidthPx,
    height: 260,
    layer: [
      {
        data: { values },
        mark: { type: "line", strokeWidth: 2 },
        encoding: {
          x,
          y,
          color: {
            field: "split",
            type: "nominal",
            scale: { domain: Object.values(names), range: [seriesColour(0), seriesColour(1)] },
            legend: { labelLimit: 200 },
          },
        },
      },
      {
        data: { values: best },
        mark: { type: "point", filled: true, size: 60, color: seriesColour(0), opacity: 1 },
        encoding: { x, y },
      },
      {
        data: { values: best },
        mark: { type: "text", align: "right", dx: 6, dy: 18 },
        encoding: { x, y, text: { field: "accuracy", type: "quantitative", format: ".2%" } },
      },
    ],
  };
}
