/** Maximum mean discrepancy: how far two samples of vectors are from each other under a kernel. */
import type { Random } from "../../base/random.ts";

/** Vectors of one length, row-major `[count, size]`. */
export interface Vectors {
  readonly values: ArrayLike<number>;
  readonly size: number;
}

function squaredDistance(a: Vectors, i: number, b: Vectors, j: number): number {
  let sum = 0;
  for (let at = 0; at < a.size; at++) sum += (a.values[i * a.size + at]! - b.values[j * b.size + at]!) ** 2;
  return sum;
}

/** So many vectors, evenly spaced, decide the median of the distances. */
const medianVectors = 200;

/**
 * The kernel's width: the median distance between vectors of the sample, of at most 200 evenly
 * spaced ones; 1 where it is zero. Source: Gretton et al., Journal of Machine Learning Research 13
 * (2012), section 8.
 */
export function medianDistance(vectors: Vectors): number {
  const count = vectors.values.length / vectors.size;
  const step = Math.max(1, count / medianVectors);
  const chosen = Array.from({ length: Math.floor(count / step) }, (_, at) => Math.floor(at * step));
  const distances: number[] = [];
  for (const i of chosen) {
    for (const j of chosen) if (j < i) distances.push(Math.sqrt(squaredDistance(vectors, i, vectors, j)));
  }
  distances.sort((a, b) => a - b);
  return distances[distances.length >>> 1] || 1;
}

/**
 * The unbiased estimate of MMD^2 with the kernel exp(-|x - y|^2 / (2 width^2)); it may be negative.
 * Takes time of (n + m)^2. Each sample needs two vectors; fewer give 0.
 * Source: Gretton et al., Journal of Machine Learning Research 13 (2012), equation 3.
 */
export function squaredMeanDiscrepancy(first: Vectors, second: Vectors, width: number): number {
  const n = first.values.length / first.size;
  const m = second.values.length / second.size;
  if (n < 2 || m < 2) return 0;
  const scale = -1 / (2 * width * width);
  let [within, across] = [0, 0];
  for (const [vectors, count] of [
    [first, n],
    [second, m],
  ] as const) {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < i; j++) sum += Math.exp(scale * squaredDistance(vectors, i, vectors, j));
    }
    within += (2 * sum) / (count * (count - 1));
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) across += Math.exp(scale * squaredDistance(first, i, second, j));
  }
  return within - (2 * across) / (n * m);
}

/** Writes a vector's features, whose inner products approximate the kernel, into `into` at `at`. */
export interface RandomFeatures {
  readonly count: number;
  /** `[count of vectors, count]` row-major. */
  of(vectors: Vectors): Float32Array;
}

/**
 * Random Fourier features of the same kernel: sqrt(2 / D) cos(w x + b), w normal with deviation
 * 1 / width, b uniform over a turn. The squared distance between the mean features of two samples
 * estimates MMD^2 (biased) in time of n + m, which a bootstrap can afford.
 * Source: Rahimi and Recht, Random Features for Large-Scale Kernel Machines, NIPS 2007, algorithm 1.
 */
export function randomFeatures(size: number, width: number, count: number, random: Random): RandomFeatures {
  const directions = Float64Array.from({ length: count * size }, () => random.normal() / width);
  const phases = Float64Array.from({ length: count }, () => random.next() * 2 * Math.PI);
  const scale = Math.sqrt(2 / count);
  return {
    count,
    of({ values }) {
      const rows = values.length / size;
      const features = new Float32Array(rows * count);
      for (let row = 0; row < rows; row++) {
        for (let feature = 0; feature < count; feature++) {
          let angle = phases[feature]!;
          for (let at = 0; at < size; at++) angle += directions[feature * size + at]! * values[row * size + at]!;
          features[row * count + feature] = scale * Math.cos(angle);
        }
      }
      return features;
    },
  };
}

/** |mean of the first - mean of the second|^2, from sums of `n` and of `m` rows of features. */
export function squaredDistanceOfMeans(first: Float64Array, n: number, second: Float64Array, m: number): number {
  if (n === 0 || m === 0) return 0;
  return first.reduce((sum, value, at) => sum + (value / n - second[at]! / m) ** 2, 0);
}
