/** Coverage and accuracy when predictions below a confidence threshold are rejected. */
import { type Interval, wilsonInterval } from "./classification-metrics.ts";
import type { PictureOutcome } from "./picture-outcomes.ts";

export interface ThresholdRow {
  /** Predictions of this confidence or more are kept. */
  readonly threshold: number;
  readonly kept: number;
  /** Share of pictures with a kept prediction. */
  readonly coverage: number;
  /** Accuracy of the kept predictions, with Wilson's 95 % interval; absent where none is kept. */
  readonly accuracy?: number;
  readonly interval?: Interval;
  /** For two classes only. */
  readonly classes?: readonly KeptClass[];
}

export interface KeptClass {
  readonly label: string;
  /** Precision among the kept predictions; absent where none is of this class. */
  readonly precision?: number;
  /** Correct kept predictions / all pictures of this class; absent where there are none. */
  readonly recall?: number;
}

/** Denser towards 1, where most thresholds are chosen. */
const usualThresholds: readonly number[] = [0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999];

/**
 * One row per threshold. Of the thresholds that keep every prediction only the highest has a row,
 * since with K classes no confidence is below 1 / K.
 */
export function thresholdTable(
  outcomes: readonly PictureOutcome[],
  labels: readonly string[],
  thresholds: readonly number[] = usualThresholds,
): readonly ThresholdRow[] {
  const rows = thresholds.map((threshold) => thresholdRow(outcomes, labels, threshold));
  const keptAll = rows.filter(({ kept }) => kept === outcomes.length).length;
  return rows.slice(Math.max(0, keptAll - 1));
}

function thresholdRow(outcomes: readonly PictureOutcome[], labels: readonly string[], threshold: number): ThresholdRow {
  const kept = outcomes.filter(({ confidence }) => confidence >= threshold);
  const right = kept.filter(({ isRight }) => isRight);
  return {
    threshold,
    kept: kept.length,
    coverage: outcomes.length === 0 ? 0 : kept.length / outcomes.length,
    ...(kept.length > 0 && {
      accuracy: right.length / kept.length,
      interval: wilsonInterval(right.length, kept.length),
    }),
    ...(labels.length === 2 && {
      classes: labels.map((label, index): KeptClass => {
        const hits = right.filter(({ target }) => target === index).length;
        const named = kept.filter(({ answer }) => answer === index).length;
        const count = outcomes.filter(({ target }) => target === index).length;
        return {
          label,
          ...(named > 0 && { precision: hits / named }),
          ...(count > 0 && { recall: hits / count }),
        };
      }),
    }),
  };
}
