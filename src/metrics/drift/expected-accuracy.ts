/** Accuracy without labels: what calibrated confidences say of it. */
import type { Interval } from "../classification-metrics.ts";

export interface ExpectedAccuracy {
  readonly count: number;
  /** The mean confidence, less what it was too high by on the reference. */
  readonly accuracy: number;
  /** 95 % interval of the share of right answers in this window, if calibration still holds. */
  readonly interval: Interval;
}

/** What is known of confidence against accuracy where there were labels. */
export interface CalibrationCheck {
  readonly count: number;
  readonly accuracy: number;
  readonly meanConfidence: number;
}

const normal95 = 1.959963984540054;

/**
 * Confidence-based performance estimation (CBPE): a calibrated confidence is the probability that
 * an answer is right, so accuracy is expected to be their mean. Each answer is then right or not
 * with that probability (Poisson, 1837), which gives the variance sum of p (1 - p) / n^2; the
 * difference between confidence and accuracy on the reference is corrected, and its own variance
 * added. It holds while calibration does: not where the meaning of pictures has changed.
 * Sources: "average confidence" in Guillory et al., Predicting with Confidence on Unseen
 * Distributions, ICCV 2021, whose difference of confidences corrects the same way; NannyML,
 * documentation, "Confidence-based Performance Estimation".
 */
export function expectedAccuracy(
  confidences: ArrayLike<number>,
  reference?: CalibrationCheck,
): ExpectedAccuracy | undefined {
  const count = confidences.length;
  if (count === 0) return undefined;
  let [sum, variance] = [0, 0];
  for (let at = 0; at < count; at++) {
    sum += confidences[at]!;
    variance += confidences[at]! * (1 - confidences[at]!);
  }
  variance /= count * count;
  let bias = 0;
  if (reference && reference.count > 0) {
    bias = reference.meanConfidence - reference.accuracy;
    // Never zero, also where all answers were right: Wilson's estimate, (right + 2) / (count + 4).
    const share = (reference.accuracy * reference.count + 2) / (reference.count + 4);
    variance += (share * (1 - share)) / reference.count;
  }
  const accuracy = within(sum / count - bias);
  const half = normal95 * Math.sqrt(variance);
  return { count, accuracy, interval: { low: within(accuracy - half), high: within(accuracy + half) } };
}

function within(share: number): number {
  return Math.min(1, Math.max(0, share));
}
