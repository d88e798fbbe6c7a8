/** One prediction: the class that a bundle finds most likely, and the probabilities of all. */
import { indexOfLargest } from "../metrics/classification-metrics.ts";

/** The likeliest class of one picture, and the probabilities of all. */
export interface Prediction {
  /** The class with the highest probability, the first of equals. */
  readonly label: string;
  /** Its probability, 0 to 1. */
  readonly confidence: number;
  /** Every class with its probability. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** The label, its confidence and all probabilities of one row. */
export function predictionOf(labels: readonly string[], probabilities: ArrayLike<number>): Prediction {
  const best = indexOfLargest(probabilities);
  return {
    label: labels[best]!,
    confidence: probabilities[best]!,
    probabilities: Object.fromEntries(labels.map((label, index) => [label, probabilities[index]!])),
  };
}
