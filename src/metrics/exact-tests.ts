/**
 * Exact significance tests on counts: binomial test and Fisher's exact test, with Holm's
 * correction.
 */

/** The significance level. */
export const significanceLevel = 0.05;

/**
 * Two-sided p-value of the binomial test with p = 0.5: the probability of a result at least as
 * uneven. 1 for no trials.
 */
export function evenBinomialTest(successes: number, trials: number): number {
  const fewer = Math.min(successes, trials - successes);
  let tail = 0;
  for (let count = 0; count <= fewer; count++) tail += Math.exp(logChoose(trials, count) - trials * Math.LN2);
  return Math.min(1, 2 * tail);
}

/** Correct predictions and size of a group. */
export interface GroupCount {
  readonly right: number;
  readonly count: number;
}

/**
 * One-sided p-value of Fisher's exact test: the probability that `group` has as few correct
 * predictions, or fewer, if it is no worse than `rest`.
 * Source: Fisher, Statistical Methods for Research Workers (1934), section 21.02.
 */
export function isWorseTest(group: GroupCount, rest: GroupCount): number {
  const all = group.count + rest.count;
  const right = group.right + rest.right;
  const least = Math.max(0, right - rest.count);
  let tail = 0;
  for (let hits = least; hits <= group.right; hits++) {
    tail += Math.exp(logChoose(right, hits) + logChoose(all - right, group.count - hits) - logChoose(all, group.count));
  }
  return Math.min(1, tail);
}

/**
 * P-values adjusted for multiple testing by Holm's method, in the order given.
 * Source: Holm, Scandinavian Journal of Statistics 6 (1979).
 */
export function holmCorrected(pValues: readonly number[]): readonly number[] {
  const order = pValues.map((_, at) => at).sort((a, b) => pValues[a]! - pValues[b]!);
  const corrected = new Array<number>(pValues.length).fill(1);
  let highest = 0;
  order.forEach((at, rank) => {
    highest = Math.max(highest, Math.min(1, pValues[at]! * (pValues.length - rank)));
    corrected[at] = highest;
  });
  return corrected;
}

/** Natural logarithm of the number of ways to take `k` of `n`. */
function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** From here on Stirling's series to 1/n^7 is exact to float64: its next term is below 1e-15. */
const stirlingFrom = 32;
const smallFactorials = Array.from({ length: stirlingFrom }, (_, n) => {
  let product = 1;
  for (let factor = 2; factor <= n; factor++) product *= factor;
  return Math.log(product);
});

/** ln n!, of a whole n from 0. Source: NIST Digital Library of Mathematical Functions, 5.11.1. */
export function logFactorial(n: number): number {
  if (n < stirlingFrom) return smallFactorials[n]!;
  const series = 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5) - 1 / (1680 * n ** 7);
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + series;
}
