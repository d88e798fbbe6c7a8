/** Thresholds by bootstrap: how large a statistic gets when nothing has changed. */
import type { Random } from "../../base/random.ts";

/** What a statistic is in each of many pairs of samples that differ by chance alone, ascending. */
export type NullDistribution = Float64Array;

export interface BootstrapOptions {
  readonly windowSize: number;
  /** Pairs of samples that are drawn. A rate of r needs some 10 / r. */
  readonly replicates: number;
  readonly random: Random;
}

/**
 * A statistic's distribution where window and reference are of one distribution: both are drawn,
 * with replacement, from the reference sample, so that the threshold knows that the reference is a
 * sample, too. Drawn samples are handed over sorted.
 * Sources: Efron, Annals of Statistics 7 (1979); for two samples of one pool: Abadie, Journal of
 * the American Statistical Association 97 (2002), section 3.
 */
export function bootstrapNull(
  reference: ArrayLike<number>,
  statistic: (reference: Float64Array, window: Float64Array) => number,
  { windowSize, replicates, random }: BootstrapOptions,
): NullDistribution {
  const pool = Float64Array.from(reference).sort();
  const counts = new Uint32Array(pool.length);
  const first = new Float64Array(pool.length);
  const second = new Float64Array(windowSize);
  const drawInto = (into: Float64Array): Float64Array => {
    counts.fill(0);
    for (let drawn = 0; drawn < into.length; drawn++) counts[random.integer(pool.length)]!++;
    let at = 0;
    for (let rank = 0; rank < pool.length; rank++) {
      for (let copies = counts[rank]!; copies > 0; copies--) into[at++] = pool[rank]!;
    }
    return into;
  };
  if (pool.length === 0) return new Float64Array(replicates);
  return Float64Array.from({ length: replicates }, () => statistic(drawInto(first), drawInto(second))).sort();
}

/** The value that a statistic exceeds at most at `rate` where nothing has changed. */
export function thresholdOf(sorted: NullDistribution, rate: number): number {
  const at = Math.ceil((1 - rate) * (sorted.length + 1)) - 1;
  return sorted[Math.min(sorted.length - 1, Math.max(0, at))] ?? Number.POSITIVE_INFINITY;
}

/**
 * (1 + how many are at least as large) / (1 + how many there are): never zero, and at most `rate`
 * for a share of `rate` of unchanged windows. Source: Davison and Hinkley, Bootstrap Methods and
 * Their Application (1997), section 4.2.
 */
export function bootstrapPValue(sorted: NullDistribution, observed: number): number {
  let [low, high] = [0, sorted.length];
  // Equal values that were added up in another order are equal.
  const least = observed - 1e-12 * Math.abs(observed);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return (1 + sorted.length - low) / (1 + sorted.length);
}

/** The threshold of one statistic: `bootstrapNull` at a false-alarm rate. */
export function bootstrapThreshold(
  reference: ArrayLike<number>,
  statistic: (reference: Float64Array, window: Float64Array) => number,
  { rate, ...options }: BootstrapOptions & { readonly rate: number },
): number {
  return thresholdOf(bootstrapNull(reference, statistic, options), rate);
}
