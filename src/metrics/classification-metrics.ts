/**
 * Classification metrics: accuracy, loss, confusion matrix, precision, recall and F1 from logits
 * and targets.
 */
import { AppError } from "../base/errors.ts";

export interface ClassMetrics {
  readonly label: string;
  /** Pictures of this class. */
  readonly count: number;
  /** True positives / predicted positives; 0 where nothing was predicted as this class. */
  readonly precision: number;
  /** True positives / pictures of this class; 0 where there are none. */
  readonly recall: number;
  /** The harmonic mean of both. */
  readonly f1: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Accuracy, losses and figures for each class. */
export interface Evaluation {
  readonly count: number;
  /** Share of pictures whose highest logit is the target's. */
  readonly accuracy: number;
  /** Wilson's 95 % interval of the accuracy. */
  readonly accuracyInterval: Interval;
  /**
   * Share of pictures whose target is among the five highest logits; only where there are more than
   * five classes.
   */
  readonly top5Accuracy?: number;
  /** Mean negative natural logarithm of the target's probability, without label smoothing. */
  readonly loss: number;
  /** Rows are targets, columns predictions: `confusion[target][prediction]`. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly ClassMetrics[];
}

/** Logits of pictures with their ground truth. */
export interface Answers {
  /** `[count, labels]` row-major. */
  readonly logits: Float32Array;
  /** `[count]` class indices. */
  readonly targets: ArrayLike<number>;
}

/**
 * The number of classes; 0 for no pictures. Errors: INTERNAL where logits and targets do not fit
 * together.
 */
export function classCountOf({ logits, targets }: Answers): number {
  if (targets.length === 0) return 0;
  const classes = logits.length / targets.length;
  if (Number.isInteger(classes) && classes > 0) return classes;
  throw new AppError("INTERNAL", {
    required: `the same number of logits for each of ${targets.length} pictures`,
    received: `${logits.length} logits`,
  });
}

/** All metrics at once. Errors: INTERNAL where logits, targets and labels do not fit together. */
export function evaluateAnswers({ logits, targets }: Answers, labels: readonly string[]): Evaluation {
  const classes = labels.length;
  const count = targets.length;
  if (logits.length !== count * classes) {
    throw new AppError("INTERNAL", { required: `${count} x ${classes} logits`, received: `${logits.length}` });
  }
  const confusion = labels.map(() => new Array<number>(classes).fill(0));
  let lossSum = 0;
  let amongFive = 0;
  for (let row = 0; row < count; row++) {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    const target = targets[row]!;
    lossSum += logSumExp(scores) - scores[target]!;
    confusion[target]![indexOfLargest(scores)]!++;
    if (isAmongHighest(scores, target, 5)) amongFive++;
  }
  const correct = confusion.reduce((sum, answers, target) => sum + answers[target]!, 0);
  return {
    count,
    accuracy: count === 0 ? 0 : correct / count,
    accuracyInterval: wilsonInterval(correct, count),
    ...(classes > 5 && { top5Accuracy: count === 0 ? 0 : amongFive / count }),
    loss: count === 0 ? 0 : lossSum / count,
    confusion,
    classes: labels.map((label, index) => classMetrics(label, index, confusion)),
  };
}

/** Argmax; the first of equal scores, 0 where all scores are NaN. */
export function indexOfLargest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < scores.length; index++) if (scores[index]! > scores[best]!) best = index;
  return best;
}

/** The indexes of the `count` largest scores, largest first; of equal ones the first first. */
export function indexesOfLargest(scores: Float32Array, count: number): readonly number[] {
  const indexes = Array.from(scores, (_, index) => index);
  return indexes.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, count);
}

/** Of equal scores the first is the higher, as for `indexOfLargest`; a NaN is among none. */
function isAmongHighest(scores: Float32Array, index: number, places: number): boolean {
  const score = scores[index]!;
  let higher = 0;
  for (let other = 0; other < scores.length; other++) {
    if (scores[other]! > score || (other < index && scores[other] === score)) higher++;
  }
  return higher < places && !Number.isNaN(score);
}

/** ln(sum of e^score), without overflow. */
export function logSumExp(scores: Float32Array | Float64Array): number {
  const largest = scores[indexOfLargest(scores)]!;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - largest);
  return largest + Math.log(sum);
}

/** Softmax of one row of logits, in float64. */
export function probabilitiesOf(scores: Float32Array | Float64Array): number[] {
  const total = logSumExp(scores);
  return Array.from(scores, (score) => Math.exp(score - total));
}

/** The normal distribution's 97.5 % point: for intervals of 95 %. */
export const normal975 = 1.959964;

/**
 * Wilson score interval at 95 % for `successes` of `trials`; 0 to 1 for no trials. Source: Wilson,
 * JASA 22 (1927).
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const z2 = normal975 ** 2;
  const rate = successes / trials;
  const middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials);
  const reach = Math.sqrt((rate * (1 - rate)) / trials + z2 / (4 * trials * trials)) / (1 + z2 / trials);
  const half = normal975 * reach;
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

function classMetrics(label: string, index: number, confusion: readonly (readonly number[])[]): ClassMetrics {
  const hits = confusion[index]![index]!;
  const count = confusion[index]!.reduce((sum, answers) => sum + answers, 0);
  const called = confusion.reduce((sum, row) => sum + row[index]!, 0);
  const precision = called === 0 ? 0 : hits / called;
  const recall = count === 0 ? 0 : hits / count;
  return { label, count, precision, recall, f1: hits === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}
