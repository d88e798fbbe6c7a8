/** The chart of a training: accuracy over time. */
import type { TopLevelSpec } from "vega-lite";
import { chartWidthPx } from "../charts/chart.ts";
import { seriesColour } from "../charts/theme.ts";
import { countOf } from "../page/elements.ts";

export interface TrainingChartEpoch {
  readonly epoch: number;
  /** Shares from 0 to 1; that of training is over pictures as they were varied. */
  readonly trainAccuracy: number;
  readonly validationAccuracy: number;
  /** Of this epoch, validation included. */
  readonly durationMs: number;
}

const names = { validation: "validation", train: "training, pictures varied" } as const;

/** Shorter trainings are drawn over seconds. */
const shortMs = 120_000;

/** Accuracy on both splits over the time of training, the best epoch marked. */
export function trainingChart(history: readonly TrainingChartEpoch[], bestEpoch: number): TopLevelSpec {
  const totalMs = history.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const unit =
    totalMs < shortMs ? ({ name: "seconds", ms: 1000 } as const) : ({ name: "minutes", ms: 60_000 } as const);
  let elapsedMs = 0;
  const values = history.flatMap(({ epoch, trainAccuracy, validationAccuracy, durationMs }) => {
    elapsedMs += durationMs;
    const time = elapsedMs / unit.ms;
    return [
      { epoch, time, accuracy: validationAccuracy, split: names.validation },
      { epoch, time, accuracy: trainAccuracy, split: names.train },
    ];
  });
  const best = values.filter(({ epoch, split }) => epoch === bestEpoch && split === names.validation);
  const x = {
    field: "time",
    type: "quantitative",
    scale: { zero: true },
    axis: { title: unit.name, grid: false, tickCount: 6 },
  } as const;
  const y = {
    field: "accuracy",
    type: "quantitative",
    scale: { zero: false },
    axis: { title: "accuracy", format: "~%", tickCount: 6 },
  } as const;
  const found = best[0] && `the best of validation ${(100 * best[0].accuracy).toFixed(2)} % in epoch ${bestEpoch}`;
  const epochs = countOf(history.at(-1)?.epoch ?? 0, "epoch");
  return {
    description: `Accuracy over ${unit.name} of training: ${epochs}${found ? `, ${found}` : ""}.`,
    // In the title and not at its point, where it would lie on a line.
    title: { text: `Accuracy over ${unit.name} of training`, subtitle: found ?? epochs },
    width: chartWidthPx,
    height: 260,
    layer: [
      {
        data: { values },
        mark: { type: "line", strokeWidth: 2, ...(history.length < 2 && { point: true }) },
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
    ],
  };
}
