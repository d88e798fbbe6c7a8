/** Samples of the beta distribution. */
import type { Random } from "../../base/random.ts";

/**
 * A sample of Beta(alpha, beta), in [0, 1], as G1 / (G1 + G2) of two gamma samples. Both parameters
 * are above 0. Their logarithms are compared, since for parameters far below 1 both samples are too
 * small for a number.
 */
export function drawBeta(random: Random, alpha: number, beta: number): number {
  const [first, second] = [logOfGamma(random, alpha), logOfGamma(random, beta)];
  return 1 / (1 + Math.exp(second - first));
}

/**
 * The logarithm of a sample of Gamma(shape, 1), by rejection: Marsaglia and Tsang, "A Simple Method
 * for Generating Gamma Variables", ACM TOMS 26(3), 2000. Below 1, Gamma(shape) = Gamma(shape + 1)
 * U^(1 / shape), as they advise.
 */
function logOfGamma(random: Random, shape: number): number {
  if (shape < 1) return logOfGamma(random, shape + 1) + Math.log(1 - random.next()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    // 1 - u keeps the logarithm's argument above 0.
    if (Math.log(1 - random.next()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
