/** The two-sample Kolmogorov-Smirnov test: whether two samples come from one distribution. */

export interface KolmogorovSmirnov {
  /** The largest distance between the two empirical distribution functions, 0 to 1. */
  readonly statistic: number;
  /** The probability of a distance at least this large between samples of one distribution. */
  readonly pValue: number;
  readonly method: "exact" | "asymptotic";
}

/** Above this many pairs the exact distribution takes longer than it is worth: 10 ms. */
const exactPairs = 2_000_000;

/**
 * Two-sided; the samples in any order. Ties make the p-value conservative.
 * Sources: Smirnov, Annals of Mathematical Statistics 19 (1948); the exact distribution: Kim and
 * Jennrich, Selected Tables in Mathematical Statistics 1 (1973); the asymptotic one: Kolmogorov
 * (1933), with Stephens' correction for finite samples, Journal of the Royal Statistical Society B
 * 32 (1970). Empty samples give a statistic of 0 and a p-value of 1.
 */
export function kolmogorovSmirnovTest(first: ArrayLike<number>, second: ArrayLike<number>): KolmogorovSmirnov {
  if (first.length === 0 || second.length === 0) return { statistic: 0, pValue: 1, method: "exact" };
  const statistic = kolmogorovSmirnovDistance(Float64Array.from(first).sort(), Float64Array.from(second).sort());
  return first.length * second.length <= exactPairs
    ? { statistic, pValue: exactTail(statistic, first.length, second.length), method: "exact" }
    : { statistic, pValue: asymptoticTail(statistic, first.length, second.length), method: "asymptotic" };
}

/** The statistic alone, max |F(x) - G(x)|, of samples that are sorted. */
export function kolmogorovSmirnovDistance(first: ArrayLike<number>, second: ArrayLike<number>): number {
  let [i, j, largest] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const value = Math.min(first[i]!, second[j]!);
    while (i < first.length && first[i]! <= value) i++;
    while (j < second.length && second[j]! <= value) j++;
    largest = Math.max(largest, Math.abs(i / first.length - j / second.length));
  }
  return largest;
}

/** 1 - the share of lattice paths from (0, 0) to (n, m) that stay nearer than the statistic. */
function exactTail(statistic: number, n: number, m: number): number {
  const pairs = n * m;
  // Half a step below the statistic, so that rounding never decides whether a path reaches it.
  const reach = (0.5 + Math.floor(statistic * pairs - 1e-7)) / pairs;
  const paths = Float64Array.from({ length: m + 1 }, (_, j) => Number(j / m <= reach));
  for (let i = 1; i <= n; i++) {
    const weight = i / (i + m);
    paths[0] = i / n > reach ? 0 : weight * paths[0]!;
    for (let j = 1; j <= m; j++) {
      paths[j] = Math.abs(i / n - j / m) > reach ? 0 : weight * paths[j]! + paths[j - 1]!;
    }
  }
  return Math.min(1, Math.max(0, 1 - paths[m]!));
}

/** 2 * sum of (-1)^(k-1) e^(-2 k^2 x^2), for x = (s + 0.12 + 0.11 / s) D and s^2 = n m / (n + m). */
function asymptoticTail(statistic: number, n: number, m: number): number {
  const root = Math.sqrt((n * m) / (n + m));
  const x = (root + 0.12 + 0.11 / root) * statistic;
  // Below, the sum needs many terms and is 1 to eight digits.
  if (x < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) {
    const term = Math.exp(-2 * k * k * x * x);
    sum += k % 2 === 1 ? term : -term;
    if (term < 1e-17 * sum) break;
  }
  return Math.min(1, Math.max(0, 2 * sum));
}
