/** Parity: that two runs of one model give the same answers. */
import { AppError } from "../base/errors.ts";

/**
 * Kernels on different machines add up in different orders; probabilities then differ by some 1e-6.
 */
export const parityTolerance = 1e-4;

/** How far the probabilities of a row may be from adding up to 1. */
const sumTolerance = 1e-3;

/**
 * Throws BUNDLE_PARITY where two lists of probabilities differ by more than the tolerance anywhere, or
 * in length.
 */
export function requireParity(
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
  where: string,
  tolerance = parityTolerance,
): void {
  requireNear("probabilities", received, expected, tolerance, where);
}

/** The same for logits, whose tolerance is relative to the largest one. */
export function requireLogitParity(
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
  where: string,
  tolerance = parityTolerance,
): void {
  let largest = 1;
  for (let index = 0; index < expected.length; index++) largest = Math.max(largest, Math.abs(expected[index]!));
  requireNear("logits", received, expected, tolerance * largest, where);
}

function requireNear(
  what: string,
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  where: string,
): void {
  const difference = largestDifference(received, expected);
  if (difference <= tolerance) return;
  throw new AppError("BUNDLE_PARITY", {
    required: `${what} within ${Number(tolerance.toPrecision(3))} of the trained model's`,
    received: `a difference of ${difference.toPrecision(3)}`,
    where,
    hint: "the file is damaged, or this machine's engine computes it wrongly; export it again",
  });
}

/**
 * Throws BUNDLE_INVALID for answers that are no numbers, and for rows of `classes` probabilities
 * that do not add up to 1.
 */
export function requireSoundAnswers(
  { logits, probabilities }: { readonly logits: Float32Array; readonly probabilities: Float32Array },
  classes: number,
  where: string,
): void {
  const refuse = (received: string): AppError =>
    new AppError("BUNDLE_INVALID", {
      required: "a model that answers with numbers, and with probabilities that add up to 1",
      received,
      where,
      hint: "its weights are damaged, or its training diverged; train it again",
    });
  if (!logits.every(Number.isFinite)) throw refuse("logits that are not finite");
  for (let start = 0; start < probabilities.length; start += classes) {
    let sum = 0;
    for (let at = start; at < start + classes; at++) sum += probabilities[at]!;
    // Also where it is NaN.
    if (!(Math.abs(sum - 1) <= sumTolerance)) throw refuse(`probabilities that add up to ${sum}`);
  }
}

/** Infinity where the lengths differ or a number is NaN. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let index = 0; index < a.length; index++) {
    const difference = Math.abs(a[index]! - b[index]!);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
  }
  return largest;
}
