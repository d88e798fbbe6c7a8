/** Accuracy without labels: what calibrated confidences say of it. */
import type { Interval } from "../classification-metrics.ts";

export interface ExpectedAccuracy {
  readonly count: number;
  /** The mean confidence, less what it was too high by on the reference. */
  readonly accuracy: number;
  /** 95 % interval of the share of right answers in this window, if calibration still holds. */
  readonly interval: Interval;
  /** How well confidences told the accuracy where there were labels; none without a reference. */
  readonly reference?: ReferenceError;
}

/** The error of the same estimate on the reference, which is corrected by it. */
export interface ReferenceError {
  readonly count: number;
  /** Mean confidence less accuracy: above 0, confidences were too high. */
  readonly error: number;
  /** Its 95 % interval. */
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
  const known = reference && reference.count > 0 ? referenceError(reference) : undefined;
  if (known) variance += known.variance;
  const accuracy = within(sum / count - (known?.error ?? 0));
  const half = normal95 * Math.sqrt(variance);
  return {
    count,
    accuracy,
    interval: { low: within(accuracy - half), high: within(accuracy + half) },
    ...(known && { reference: { count: known.count, error: known.error, interval: known.interval } }),
  };
}

function referenceError({ count, accuracy, meanConfidence }: CalibrationCheck) {
  const error = meanConfidence - accuracy;
  // Never zero, also where all answers were right: Wilson's estimate, (right + 2) / (count + 4).
  const share = (accuracy * count + 2) / (count + 4);
  const variance = (share * (1 - share)) / count;
  const half = normal95 * Math.sqrt(variance);
  return { count, error, variance, interval: { low: error - half, high: error + half } };
}

function within(share: number): number {
  return Math.min(1, Math.max(0, share));
}
