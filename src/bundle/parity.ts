/** Parity: that two runs of one model give the same answers. */
import { AppError } from "../base/errors.ts";

/**
 * Kernels on different machines add up in different orders; probabilities then differ by some 1e-6.
 */
export const parityTolerance = 1e-4;

/**
 * Throws BUNDLE_PARITY where two lists of probabilities differ by more than 1e-4 anywhere, or in
 * length.
 */
export function requireParity(received: ArrayLike<number>, expected: ArrayLike<number>, where: string): void {
  const difference = largestDifference(received, expected);
  if (difference <= parityTolerance) return;
  throw new AppError("BUNDLE_PARITY", {
    required: `probabilities within ${parityTolerance} of the trained model's`,
    received: `a difference of ${difference.toPrecision(3)}`,
    where,
    hint: "the file is damaged, or this machine's engine computes it wrongly; export it again",
  });
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
