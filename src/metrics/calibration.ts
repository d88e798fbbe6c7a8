/** Calibration metrics: how well a classifier's confidence matches its accuracy. */
import {
  type Answers,
  classCountOf,
  type Interval,
  indexOfLargest,
  logSumExp,
  wilsonInterval,
} from "./classification-metrics.ts";

/** Predictions with confidence in `(low, high]`. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean confidence and accuracy; absent where the bin is empty. */
  readonly confidence?: number;
  readonly accuracy?: number;
  /** Wilson's 95 % interval of the accuracy. */
  readonly interval?: Interval;
}

export interface Calibration {
  readonly count: number;
  /** The temperature by which the logits were divided. */
  readonly temperature: number;
  /**
   * Expected calibration error: mean |accuracy - confidence| over the bins, weighted by count; 0 to
   * 1.
   */
  readonly expectedCalibrationError: number;
  /** Maximum calibration error: |accuracy - confidence| of the worst bin. */
  readonly maximumCalibrationError: number;
  /**
   * Mean squared distance between probabilities and one-hot targets, summed over classes: 0 to 2.
   */
  readonly brierScore: number;
  /** Mean negative natural logarithm of the target's probability. */
  readonly negativeLogLikelihood: number;
  readonly meanConfidence: number;
  readonly bins: readonly ReliabilityBin[];
}

/** The number that Guo et al. use. */
const binCount = 15;

interface BinSum {
  readonly count: number;
  readonly right: number;
  /** Of the confidences. */
  readonly confidence: number;
}

/** Answers by their confidence, in bins of equal width, ((m - 1) / 15, m / 15]. */
export class ReliabilityCounts {
  readonly #sums = Array.from({ length: binCount }, () => ({ count: 0, right: 0, confidence: 0 }));

  add(confidence: number, isRight: boolean): void {
    const sum = this.#sums[binOf(confidence)]!;
    sum.count++;
    sum.right += Number(isRight);
    sum.confidence += confidence;
  }

  get sums(): readonly BinSum[] {
    return this.#sums;
  }

  /** Mean |accuracy - confidence|, weighted by count; `rightOf` replaces a bin's right answers. No answers give 0. */
  expectedError(rightOf: (sum: BinSum) => number = ({ right }) => right): number {
    const count = this.#sums.reduce((all, sum) => all + sum.count, 0);
    const gaps = this.#sums.reduce((all, sum) => all + Math.abs(sum.confidence - rightOf(sum)), 0);
    return count === 0 ? 0 : gaps / count;
  }

  bins(): readonly ReliabilityBin[] {
    return this.#sums.map(({ count, right, confidence }, at) => ({
      low: at / binCount,
      high: (at + 1) / binCount,
      count,
      ...(count > 0 && {
        confidence: confidence / count,
        accuracy: right / count,
        interval: wilsonInterval(right, count),
      }),
    }));
  }
}

/**
 * Confidence is the highest probability, after the logits were divided by `temperature`; bins are
 * of equal width. No pictures give zeros.
 * Sources: Guo et al., On Calibration of Modern Neural Networks, ICML 2017 (bins ((m-1)/15, m/15],
 * ECE, MCE); Brier, Monthly Weather Review 78 (1950), whose sum over both of two classes is twice
 * what scikit-learn's brier_score_loss gives for them.
 */
export function calibrationOf(answers: Answers, temperature = 1): Calibration {
  const { targets } = answers;
  const classes = classCountOf(answers);
  const count = targets.length;
  const reliability = new ReliabilityCounts();
  let [squares, likelihood, confidenceSum] = [0, 0, 0];
  const scaled = new Float64Array(classes);
  for (let row = 0; row < count; row++) {
    for (let index = 0; index < classes; index++) scaled[index] = answers.logits[row * classes + index]! / temperature;
    const total = logSumExp(scaled);
    const target = targets[row]!;
    const answer = indexOfLargest(scaled);
    const confidence = Math.exp(scaled[answer]! - total);
    likelihood += total - scaled[target]!;
    confidenceSum += confidence;
    for (let index = 0; index < classes; index++) {
      squares += (Math.exp(scaled[index]! - total) - Number(index === target)) ** 2;
    }
    reliability.add(confidence, answer === target);
  }
  const mean = (sum: number): number => (count === 0 ? 0 : sum / count);
  return {
    count,
    temperature,
    expectedCalibrationError: reliability.expectedError(),
    maximumCalibrationError: Math.max(
      ...reliability.sums.map(({ count, right, confidence }) =>
        count === 0 ? 0 : Math.abs(right - confidence) / count,
      ),
    ),
    brierScore: mean(squares),
    negativeLogLikelihood: mean(likelihood),
    meanConfidence: mean(confidenceSum),
    bins: reliability.bins(),
  };
}

/** A NaN confidence counts in the lowest bin, so that no picture is lost. */
function binOf(confidence: number): number {
  return Math.min(binCount - 1, Math.max(0, Math.ceil(confidence * binCount) - 1)) || 0;
}
