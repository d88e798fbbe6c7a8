/** The chi-squared test of homogeneity: whether two sets of pictures have the same class shares. */

export interface ClassSharesTest {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** The probability of shares at least this unlike where both have the same. */
  readonly pValue: number;
}

/**
 * Source: Pearson, Biometrika 8 (1911), for two rows of counts. Classes that neither has are left
 * out. Where fewer than five pictures are expected of a class the p-value is rough (Cochran,
 * Annals of Mathematical Statistics 23, 1952): there a threshold comes from a bootstrap.
 */
export function classSharesTest(first: ArrayLike<number>, second: ArrayLike<number>): ClassSharesTest {
  let present = 0;
  for (let at = 0; at < first.length; at++) present += Number(first[at]! + second[at]! > 0);
  const statistic = chiSquaredOfShares(first, second);
  const degreesOfFreedom = Math.max(0, present - 1);
  return {
    statistic,
    degreesOfFreedom,
    pValue: degreesOfFreedom === 0 ? 1 : chiSquaredTail(statistic, degreesOfFreedom),
  };
}

/**
 * Sum of (count - expected)^2 / expected over both rows, which for two rows is
 * sum of (a sqrt(m / n) - b sqrt(n / m))^2 / (a + b) over the classes; 0 where a row is empty.
 */
export function chiSquaredOfShares(first: ArrayLike<number>, second: ArrayLike<number>): number {
  let [n, m] = [0, 0];
  for (let at = 0; at < first.length; at++) {
    n += first[at]!;
    m += second[at]!;
  }
  if (n === 0 || m === 0) return 0;
  const ratio = Math.sqrt(m / n);
  let sum = 0;
  for (let at = 0; at < first.length; at++) {
    const both = first[at]! + second[at]!;
    if (both > 0) sum += (first[at]! * ratio - second[at]! / ratio) ** 2 / both;
  }
  return sum;
}

/**
 * The probability of a chi-squared value above `x` with `k` degrees of freedom: Q(k/2, x/2), the
 * regularised upper incomplete gamma function. Source: NIST Digital Library of Mathematical
 * Functions, 8.11.4 (series, below the mean) and 8.9.2 (continued fraction, by Lentz's method).
 */
export function chiSquaredTail(x: number, k: number): number {
  if (x <= 0) return 1;
  const [a, half] = [k / 2, x / 2];
  const scale = Math.exp(a * Math.log(half) - half - logGammaOfHalf(k));
  if (half < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let at = 1; at < 10_000 && term > 1e-17 * sum; at++) {
      term *= half / (a + at);
      sum += term;
    }
    return Math.max(0, 1 - scale * sum);
  }
  const tiny = 1e-300;
  let b = half + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let fraction = d;
  for (let at = 1; at < 10_000; at++) {
    const numerator = -at * (at - a);
    b += 2;
    d = numerator * d + b;
    if (Math.abs(d) < tiny) d = tiny;
    c = b + numerator / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return scale * fraction;
}

/** ln of the gamma function at k / 2, from G(1/2) = sqrt(pi), G(1) = 1 and G(a + 1) = a G(a). */
function logGammaOfHalf(k: number): number {
  let sum = k % 2 === 1 ? Math.log(Math.PI) / 2 : 0;
  for (let a = k % 2 === 1 ? 0.5 : 1; a < k / 2; a++) sum += Math.log(a);
  return sum;
}
