/** What is measured of a float bundle and its quantised form beside each other, and which of them is to be had. */
import type { Latency } from "../../metrics/latency-figures.ts";

/** One of the two models. */
export interface ModelFigures {
  /** On the evaluated split. */
  readonly accuracy: number;
  /** Mean negative log-likelihood at the model's own temperature. */
  readonly loss: number;
  readonly latency: Latency;
  /** Of graph and weights as ONNX. */
  readonly sizeBytes: number;
}

/** How many times faster and smaller the quantised model is. */
export interface FigureRatios {
  /** For one picture, and for a batch, at the median. */
  readonly one: number;
  readonly batch: number;
  /** Geometric mean of both: what the choice goes by. */
  readonly speed: number;
  readonly size: number;
}

/** Less is not told from noise, and not worth another bundle. */
export const minimumSpeedup = 1.05;

export function ratiosOf(float: ModelFigures, int8: ModelFigures): FigureRatios {
  const one = float.latency.one.medianMs / int8.latency.one.medianMs;
  const batch = float.latency.batch.medianMs / int8.latency.batch.medianMs;
  return { one, batch, speed: Math.sqrt(one * batch), size: float.sizeBytes / int8.sizeBytes };
}

/** Why the float model is to be kept, in half sentences; none where the quantised one is better to have. */
export function reasonsAgainst(float: ModelFigures, int8: ModelFigures, maxLoss: number): readonly string[] {
  const { speed } = ratiosOf(float, int8);
  const lost = float.accuracy - int8.accuracy;
  // Differences of shares have rounding errors: 0.96 - 0.95 is more than 0.01.
  const isTooMuch = lost > maxLoss + 1e-9;
  return [
    ...(speed >= minimumSpeedup
      ? []
      : [`it is ${speed.toFixed(2)} times as fast on this machine, and ${minimumSpeedup} is the least that counts`]),
    ...(isTooMuch
      ? [
          `it loses ${(100 * lost).toFixed(2)} points of accuracy, and at most ${(100 * maxLoss).toFixed(2)} may be lost`,
        ]
      : []),
  ];
}
