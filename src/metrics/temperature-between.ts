/** Estimates the temperature of a bundle from its outputs. */
import { indexOfLargest } from "./classification-metrics.ts";

/** Closer to 1 than this is rounding of float32 outputs. */
const tolerance = 1e-3;

/**
 * Smaller probabilities are too coarse in float32, and those near 1 hide what is left for the
 * others.
 */
const smallestProbability = 1e-6;

/**
 * The temperature T for which probabilities = softmax(logits / T), both `[N, classes]` row-major:
 * least squares over ln p_i - ln p_j = (z_i - z_j) / T. 1 where the outputs do not determine it, or
 * differ from 1 by rounding only.
 */
export function temperatureBetween(logits: Float32Array, probabilities: Float32Array, classes: number): number {
  let [product, square] = [0, 0];
  for (let start = 0; start < logits.length; start += classes) {
    const best = start + indexOfLargest(probabilities.subarray(start, start + classes));
    for (let at = start; at < start + classes; at++) {
      if (at === best || probabilities[at]! < smallestProbability) continue;
      const distance = logits[best]! - logits[at]!;
      const shown = Math.log(probabilities[best]! / probabilities[at]!);
      product += distance * shown;
      square += shown * shown;
    }
  }
  const temperature = product / square;
  const isTold = Number.isFinite(temperature) && temperature > 0;
  return !isTold || Math.abs(temperature - 1) < tolerance ? 1 : temperature;
}
