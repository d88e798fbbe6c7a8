/** How far two sets of counts over the same bins or classes are from each other. */

/** Counts as shares, `smoothing` added to each before: no share is then zero. */
function smoothedShares(counts: ArrayLike<number>, smoothing: number): Float64Array {
  const shares = Float64Array.from(counts, (count) => count + smoothing);
  const total = shares.reduce((sum, count) => sum + count, 0);
  return shares.map((count) => count / total);
}

/** Jeffreys' prior: an empty bin then counts as half a picture. */
const defaultSmoothing = 0.5;

/**
 * The population stability index: sum of (p - q) ln(p / q), the symmetrised Kullback-Leibler
 * divergence, in nats. Zero for equal shares. By custom 0.1 is a small and 0.25 a large shift, but
 * two samples of n and m from one distribution in b bins give about (b - 1)(1 / n + 1 / m).
 * Sources: Siddiqi, Credit Risk Scorecards (2006); Yurdakul, Statistical Properties of Population
 * Stability Index (2018). `smoothing` is added to every count (Jeffreys, 1946).
 */
export function populationStabilityIndex(
  reference: ArrayLike<number>,
  window: ArrayLike<number>,
  smoothing = defaultSmoothing,
): number {
  const p = smoothedShares(reference, smoothing);
  const q = smoothedShares(window, smoothing);
  return p.reduce((sum, share, at) => sum + (share === q[at]! ? 0 : (share - q[at]!) * Math.log(share / q[at]!)), 0);
}

/**
 * The Jensen-Shannon distance: the square root of the mean divergence of both from their middle,
 * with logarithms to base 2, so from 0 to 1. Either without counts gives 0.
 * Sources: Lin, IEEE Transactions on Information Theory 37 (1991); that its root is a metric:
 * Endres and Schindelin, IEEE Transactions on Information Theory 49 (2003).
 */
export function jensenShannonDistance(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const [n, m] = [sumOf(first), sumOf(second)];
  if (n === 0 || m === 0) return 0;
  let divergence = 0;
  for (let at = 0; at < first.length; at++) {
    const [p, q] = [first[at]! / n, second[at]! / m];
    const middle = (p + q) / 2;
    if (p > 0) divergence += (p / 2) * Math.log2(p / middle);
    if (q > 0) divergence += (q / 2) * Math.log2(q / middle);
  }
  return Math.sqrt(Math.max(0, divergence));
}

/**
 * The inner edges of `bins` bins that hold about the same number of a sorted sample's values: the
 * bins of PSI. Edges that coincide are one, so there may be fewer bins; bin k is [edge k-1, edge k).
 */
export function quantileEdges(sorted: ArrayLike<number>, bins = 10): readonly number[] {
  const edges = Array.from({ length: bins - 1 }, (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / bins)]!);
  // An edge at the least value would leave the first bin empty.
  return [...new Set(edges)].filter((edge) => edge > sorted[0]!);
}

/** How many values are in each bin: [-inf, e1), [e1, e2), ..., [ek, inf). */
export function countByEdges(values: ArrayLike<number>, edges: readonly number[]): Float64Array {
  const counts = new Float64Array(edges.length + 1);
  for (let at = 0; at < values.length; at++) {
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[at]! >= edges[middle]!) low = middle + 1;
      else high = middle;
    }
    counts[low]!++;
  }
  return counts;
}

function sumOf(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += counts[at]!;
  return sum;
}
