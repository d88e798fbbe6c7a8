/** Temperature scaling: calibrates a classifier by dividing its logits by one number. */
import { type Answers, classCountOf, indexOfLargest, logSumExp } from "./classification-metrics.ts";

export interface FittedTemperature {
  /** Above 1 it lowers confidence, below 1 it raises it; predictions never change. */
  readonly temperature: number;
  /** Mean negative log-likelihood at temperature 1 and at the fitted one. */
  readonly nllBefore: number;
  readonly nllAfter: number;
}

/** Search range; beyond it confidence would be all or nothing. */
export const temperatureRange = { lowest: 0.05, highest: 20 } as const;

/** Enough halvings of the range's logarithm to reach float64's resolution. */
const maxSteps = 100;

/**
 * The temperature that minimizes the negative log-likelihood; `answers` must come from held-out
 * pictures. The derivative by the inverse temperature increases monotonically, so that Newton's
 * method within a shrinking bracket finds its only zero.
 *
 * Where every prediction is correct, the likelihood has no maximum: mean confidence is then raised,
 * at most, to (n + 1) / (n + 2), Laplace's rule of succession for n correct of n. Without pictures,
 * or with a NaN, the temperature is 1.
 * Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
 */
export function fitTemperature(answers: Answers): FittedTemperature {
  const nllBefore = slopeAt(answers, 1).nll;
  if (answers.targets.length === 0 || !Number.isFinite(nllBefore)) {
    return { temperature: 1, nllBefore, nllAfter: nllBefore };
  }
  const temperature = isAllRight(answers) ? temperatureOfAllRight(answers) : 1 / inverseOfLeastNll(answers);
  return { temperature, nllBefore, nllAfter: slopeAt(answers, 1 / temperature).nll };
}

/** The zero of the derivative by the inverse temperature, or the nearest end of the range. */
function inverseOfLeastNll(answers: Answers): number {
  let low = 1 / temperatureRange.highest;
  let high = 1 / temperatureRange.lowest;
  if (slopeAt(answers, low).slope >= 0) return low;
  if (slopeAt(answers, high).slope <= 0) return high;
  let inverse = 1;
  for (let step = 0; step < maxSteps; step++) {
    const { slope, curvature } = slopeAt(answers, inverse);
    if (slope > 0) high = inverse;
    else low = inverse;
    const newton = inverse - slope / curvature;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    if (Math.abs(next - inverse) <= 1e-12 * inverse) return next;
    inverse = next;
  }
  return inverse;
}

/** The temperature, 1 at most, at which mean confidence is (n + 1) / (n + 2). */
function temperatureOfAllRight(answers: Answers): number {
  const count = answers.targets.length;
  const supported = (count + 1) / (count + 2);
  let [low, high] = [Math.log(temperatureRange.lowest), 0];
  if (slopeAt(answers, 1).confidence >= supported) return 1;
  for (let step = 0; step < maxSteps && high - low > 1e-12; step++) {
    const middle = (low + high) / 2;
    if (slopeAt(answers, Math.exp(-middle)).confidence > supported) low = middle;
    else high = middle;
  }
  return Math.exp(high);
}

interface Slope {
  /** Mean of ln(sum of e^(b z)) - b z_target, for logits z and inverse temperature b. */
  readonly nll: number;
  /** Its first derivative by b: mean of E[z] - z_target, E over the probabilities at b. */
  readonly slope: number;
  /** Its second: mean of the variance of z, never negative. */
  readonly curvature: number;
  readonly confidence: number;
}

function slopeAt(answers: Answers, inverse: number): Slope {
  const classes = classCountOf(answers);
  const count = answers.targets.length;
  const scaled = new Float64Array(classes);
  const sums = { nll: 0, slope: 0, curvature: 0, confidence: 0 };
  for (let row = 0; row < count; row++) {
    const logits = answers.logits.subarray(row * classes, (row + 1) * classes);
    for (let index = 0; index < classes; index++) scaled[index] = logits[index]! * inverse;
    const total = logSumExp(scaled);
    const target = answers.targets[row]!;
    let [mean, meanOfSquares, confidence] = [0, 0, 0];
    for (let index = 0; index < classes; index++) {
      const probability = Math.exp(scaled[index]! - total);
      // Measured from the target's logit, so that large logits do not swallow small differences.
      const distance = logits[index]! - logits[target]!;
      mean += probability * distance;
      meanOfSquares += probability * distance * distance;
      confidence = Math.max(confidence, probability);
    }
    sums.nll += total - scaled[target]!;
    sums.slope += mean;
    sums.curvature += meanOfSquares - mean * mean;
    sums.confidence += confidence;
  }
  const meanOf = (sum: number): number => (count === 0 ? 0 : sum / count);
  return {
    nll: meanOf(sums.nll),
    slope: meanOf(sums.slope),
    curvature: meanOf(sums.curvature),
    confidence: meanOf(sums.confidence),
  };
}

function isAllRight(answers: Answers): boolean {
  const classes = classCountOf(answers);
  for (let row = 0; row < answers.targets.length; row++) {
    const logits = answers.logits.subarray(row * classes, (row + 1) * classes);
    if (indexOfLargest(logits) !== answers.targets[row]) return false;
  }
  return true;
}
