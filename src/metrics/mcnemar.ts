/** McNemar's test for two models that predicted the same pictures. */
import { evenBinomialTest } from "./exact-tests.ts";

export interface McNemar {
  /** Pictures that only the first, or only the second model predicted correctly. */
  readonly onlyFirstRight: number;
  readonly onlySecondRight: number;
  /** P-value: the probability of a difference at least this large between equally good models. */
  readonly pValue: number;
  readonly method: "exact binomial" | "chi-squared with continuity correction";
  /** Of the chi-squared test. */
  readonly statistic?: number;
}

/**
 * With fewer pictures than this the chi-squared distribution is too coarse an approximation of the
 * binomial one.
 */
const exactBelow = 25;

/**
 * Two-sided. Sources: McNemar, Psychometrika 12 (1947); the continuity correction: Edwards,
 * Psychometrika 13 (1948); its use on classifiers: Dietterich, Neural Computation 10 (1998).
 */
export function mcnemarTest(onlyFirstRight: number, onlySecondRight: number): McNemar {
  const counts = { onlyFirstRight, onlySecondRight };
  const discordant = onlyFirstRight + onlySecondRight;
  if (discordant < exactBelow) {
    return { ...counts, pValue: evenBinomialTest(onlyFirstRight, discordant), method: "exact binomial" };
  }
  // Equal counts would be corrected to a difference of 1 on the other side.
  const statistic = Math.max(0, Math.abs(onlyFirstRight - onlySecondRight) - 1) ** 2 / discordant;
  return {
    ...counts,
    pValue: chiSquaredTail(statistic),
    method: "chi-squared with continuity correction",
    statistic,
  };
}

/**
 * The probability of a chi-squared value of one degree of freedom above `x`: Q(1/2, x/2), the upper
 * incomplete gamma function over sqrt(pi). Source: NIST Digital Library of Mathematical Functions,
 * 8.11.4 (series) and 8.9.2 (continued fraction, evaluated from its end).
 */
function chiSquaredTail(x: number): number {
  const half = x / 2;
  if (half < 2) {
    // 1 - P(1/2, h), P = h^(1/2) e^-h / sqrt(pi) * sum of h^k / (1/2 * 3/2 * ... * (1/2 + k))
    let term = 2;
    let sum = term;
    for (let k = 1; term > 1e-17 * sum; k++) {
      term *= half / (k + 0.5);
      sum += term;
    }
    return 1 - (Math.sqrt(half) * Math.exp(-half) * sum) / Math.sqrt(Math.PI);
  }
  // e^-h h^(1/2) / sqrt(pi) / (h + 1/2 - 1 * 1/2 / (h + 5/2 - 2 * 3/2 / (h + 9/2 - ...)))
  let fraction = 0;
  for (let k = 200; k > 0; k--) fraction = (k * (k - 0.5)) / (half + 2 * k + 0.5 - fraction);
  return (Math.sqrt(half) * Math.exp(-half)) / Math.sqrt(Math.PI) / (half + 0.5 - fraction);
}
