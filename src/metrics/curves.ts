/** One-vs-rest ROC and precision-recall curves of one class; exact, with ties taken together. */
import { type Answers, classCountOf, logSumExp } from "./classification-metrics.ts";

/** The point of the curve where scores of at least `threshold` count as positive. */
export interface RocPoint {
  readonly threshold: number;
  /** False positive rate. */
  readonly falsePositiveRate: number;
  /** True positive rate. */
  readonly truePositiveRate: number;
}

export interface PrecisionRecallPoint {
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
}

export interface Curves {
  /** From (0, 0) to (1, 1), one point for each distinct score. */
  readonly roc: readonly RocPoint[];
  /** From recall 0 (precision 1) to recall 1, one point for each distinct score. */
  readonly precisionRecall: readonly PrecisionRecallPoint[];
}

/** How well the scores of a class rank its pictures above the others. */
export interface Ranking {
  /** Area under the ROC curve; ties count half. */
  readonly auc: number;
  /**
   * Average precision: the sum of (R_n - R_(n-1)) P_n over falling thresholds, without
   * interpolation.
   */
  readonly averagePrecision: number;
}

/** Scores and which of them belong to the class; both of one length. */
export interface ScoredPictures {
  readonly scores: ArrayLike<number>;
  /** 1 for pictures of the class, else 0. */
  readonly isPositive: ArrayLike<number>;
}

/** All pictures of one score or higher. */
interface Cut {
  readonly threshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
}

/** Undefined where all pictures are of the class, or none. */
export function rankingOf(scored: ScoredPictures): Ranking | undefined {
  const { positives, negatives } = countSides(scored);
  if (positives === 0 || negatives === 0) return undefined;
  let [auc, averagePrecision] = [0, 0];
  let [hits, alarms] = [0, 0];
  for (const { truePositives, falsePositives } of cutsOf(scored)) {
    const gained = truePositives - hits;
    // Trapezoids: the pictures of one score lie on a straight line between two points of the curve.
    auc += (falsePositives - alarms) * (hits + gained / 2);
    averagePrecision += gained * (truePositives / (truePositives + falsePositives));
    [hits, alarms] = [truePositives, falsePositives];
  }
  return { auc: auc / (positives * negatives), averagePrecision: averagePrecision / positives };
}

/** The points of both curves; undefined as for `rankingOf`. */
export function curvesOf(scored: ScoredPictures): Curves | undefined {
  const { positives, negatives } = countSides(scored);
  if (positives === 0 || negatives === 0) return undefined;
  const roc: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 }];
  const precisionRecall: PrecisionRecallPoint[] = [{ threshold: Number.POSITIVE_INFINITY, precision: 1, recall: 0 }];
  for (const { threshold, truePositives, falsePositives } of cutsOf(scored)) {
    const recall = truePositives / positives;
    roc.push({ threshold, falsePositiveRate: falsePositives / negatives, truePositiveRate: recall });
    precisionRecall.push({ threshold, precision: truePositives / (truePositives + falsePositives), recall });
  }
  return { roc, precisionRecall };
}

/** Log-normalizers of the softmax, computed once for all classes. */
export function normalizersOf(answers: Answers): Float64Array {
  const classes = classCountOf(answers);
  return Float64Array.from({ length: answers.targets.length }, (_, row) =>
    logSumExp(answers.logits.subarray(row * classes, (row + 1) * classes)),
  );
}

/** The probability of one class for every picture, and which pictures are of that class. */
export function scoresOfClass(answers: Answers, index: number, normalizers: Float64Array): ScoredPictures {
  const { logits, targets } = answers;
  const classes = classCountOf(answers);
  return {
    scores: normalizers.map((total, row) => Math.exp(logits[row * classes + index]! - total)),
    isPositive: Uint8Array.from({ length: targets.length }, (_, row) => Number(targets[row] === index)),
  };
}

/** Cumulative counts at each distinct score, from the highest downwards. */
function* cutsOf({ scores, isPositive }: ScoredPictures): Generator<Cut> {
  const order = Uint32Array.from({ length: scores.length }, (_, at) => at).sort((a, b) => scores[b]! - scores[a]!);
  let [truePositives, falsePositives] = [0, 0];
  for (let at = 0; at < order.length; at++) {
    const threshold = scores[order[at]!]!;
    if (isPositive[order[at]!] === 1) truePositives++;
    else falsePositives++;
    const isLastOfEqual = at + 1 === order.length || scores[order[at + 1]!] !== threshold;
    if (isLastOfEqual) yield { threshold, truePositives, falsePositives };
  }
}

function countSides({ isPositive }: ScoredPictures): { readonly positives: number; readonly negatives: number } {
  let positives = 0;
  for (let at = 0; at < isPositive.length; at++) positives += isPositive[at]!;
  return { positives, negatives: isPositive.length - positives };
}
