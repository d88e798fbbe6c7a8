/**
 * Which of two models is right more often, looked at again with every label that comes: intervals
 * that hold at every look, unlike those of a test for a number of labels that is fixed before.
 */
import type { Interval } from "./classification-metrics.ts";
import { type GroupCount, logFactorial, significanceLevel } from "./exact-tests.ts";

export interface SequentialComparison {
  /** The second model's accuracy less the first's. */
  readonly difference: number;
  /** Holds at all looks together with a probability of 1 - level. */
  readonly interval: Interval;
  /** Of the second model; `unknown` while the interval holds both. */
  readonly verdict: "better" | "worse" | "unknown";
}

/** Pictures that both models answered. */
export interface PairedCounts {
  readonly onlyFirstRight: number;
  readonly onlySecondRight: number;
  /** Where both are right, or both are wrong. */
  readonly alike: number;
}

/**
 * Of models that answered different pictures. A confidence sequence: the differences that the ratio
 * of a mixture's likelihood (Beta(1, 1) for each accuracy) to the largest likelihood with that
 * difference does not refute. The ratio with the true accuracies is a martingale of mean 1, and the
 * largest likelihood makes it smaller, so by Ville's inequality it ever reaches 1 / level with a
 * probability of at most `level`.
 * Sources: Robbins, Annals of Mathematical Statistics 41 (1970); Wasserman, Ramdas and
 * Balakrishnan, PNAS 117 (2020), for the largest likelihood in the denominator; Turner, Ly and
 * Grünwald, Statistics and Probability Letters 2024, for two proportions.
 */
export function compareIndependent(
  first: GroupCount,
  second: GroupCount,
  level: number = significanceLevel,
): SequentialComparison {
  const wrong = [first.count - first.right, second.count - second.right] as const;
  const mixture = logMixture([first.right, wrong[0]]) + logMixture([second.right, wrong[1]]);
  const largest = (difference: number): number =>
    maximum(Math.max(0, -difference), Math.min(1, 1 - difference), (accuracy) =>
      logLikelihood(
        [first.right, wrong[0], second.right, wrong[1]],
        [accuracy, 1 - accuracy, accuracy + difference, 1 - accuracy - difference],
      ),
    );
  const difference = accuracyOf(second) - accuracyOf(first);
  const isHeld = (at: number): boolean => largest(at) > mixture + Math.log(level);
  return decide(difference, { low: endTowards(-1, difference, isHeld), high: endTowards(1, difference, isHeld) });
}

/**
 * Of models that answered the same pictures, as a challenger in the shadow of the champion. Two
 * confidence sequences, each at half the level: of how many of the pictures that one alone has right
 * the second has, and of how many pictures are such. The verdict depends on the first alone, as
 * McNemar's test does, so that pictures which both find hard cost nothing.
 */
export function comparePaired(
  { onlyFirstRight, onlySecondRight, alike }: PairedCounts,
  level: number = significanceLevel,
): SequentialComparison {
  const different = onlyFirstRight + onlySecondRight;
  const wins = shareInterval(onlySecondRight, onlyFirstRight, level / 2);
  const apart = shareInterval(different, alike, level / 2);
  const least = 2 * wins.low - 1;
  const most = 2 * wins.high - 1;
  return decide(different === 0 ? 0 : (onlySecondRight - onlyFirstRight) / (different + alike), {
    low: least * (least < 0 ? apart.high : apart.low),
    high: most * (most < 0 ? apart.low : apart.high),
  });
}

/** A confidence sequence of a share. */
function shareInterval(hits: number, misses: number, level: number): Interval {
  const counts = [hits, misses] as const;
  const least = logMixture(counts) + Math.log(level);
  const isHeld = (share: number): boolean => logLikelihood(counts, [share, 1 - share]) > least;
  const observed = hits + misses === 0 ? 0.5 : hits / (hits + misses);
  return { low: endTowards(0, observed, isHeld), high: endTowards(1, observed, isHeld) };
}

function decide(difference: number, interval: Interval): SequentialComparison {
  const verdict = interval.low > 0 ? "better" : interval.high < 0 ? "worse" : "unknown";
  return { difference, interval, verdict };
}

function accuracyOf({ right, count }: GroupCount): number {
  return count === 0 ? 0 : right / count;
}

/** Of a sequence with these counts, averaged over all shares alike: (k - 1)! n1! ... nk! / (n + k - 1)!. */
function logMixture(counts: readonly number[]): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const parts = counts.reduce((sum, count) => sum + logFactorial(count), 0);
  return logFactorial(counts.length - 1) + parts - logFactorial(all + counts.length - 1);
}

/** Shares that rounding put outside 0 to 1 are taken as the nearest; what never happened counts nothing. */
function logLikelihood(counts: readonly number[], shares: readonly number[]): number {
  return counts.reduce((sum, count, at) => (count === 0 ? sum : sum + count * Math.log(Math.max(0, shares[at]!))), 0);
}

const goldenPart = (Math.sqrt(5) - 1) / 2;

/** Of a concave function, by golden section: to 1e-10 of the range. Source: Kiefer, Proc. AMS 4 (1953). */
function maximum(from: number, to: number, valueAt: (at: number) => number): number {
  let [low, high] = [from, Math.max(from, to)];
  let [left, right] = [high - goldenPart * (high - low), low + goldenPart * (high - low)];
  let [atLeft, atRight] = [valueAt(left), valueAt(right)];
  for (let step = 0; step < 48; step++) {
    // Beyond the point where the likelihood is zero both are -Infinity: the larger side is inside.
    if (atLeft >= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - goldenPart * (high - low);
      atLeft = valueAt(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + goldenPart * (high - low);
      atRight = valueAt(right);
    }
  }
  return Math.max(atLeft, atRight, valueAt(from), valueAt(Math.max(from, to)));
}

/** Where what is not refuted ends; what was observed never is. */
function endTowards(limit: number, observed: number, isHeld: (value: number) => boolean): number {
  if (isHeld(limit)) return limit;
  let [inside, outside] = [observed, limit];
  for (let step = 0; step < 40; step++) {
    const middle = (inside + outside) / 2;
    if (isHeld(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}
