/** How values are distributed against a sample that is known before, in memory that does not grow. */
import { populationStabilityIndex, quantileEdges } from "./share-distances.ts";

/**
 * Counts values at and between those of a reference sample. The distribution function of the sample
 * is constant between its values and that of what is counted monotone, so the largest distance
 * of both is at a value or just before it: the two-sample Kolmogorov-Smirnov distance is exact, and
 * so is PSI, whose edges are values of the sample.
 */
export class ReferenceCounts {
  /** Distinct and sorted. */
  readonly #values: Float64Array;
  /** Of the reference, how many are at most each value. */
  readonly #atMost: Float64Array;
  readonly #edges: readonly number[];
  readonly #referenceMean: number;
  /** [below the first, the first, between it and the second, ..., the last, above]. */
  readonly #counts: Float64Array;
  #count = 0;
  #sum = 0;

  /** `sample`: at least one value, in any order. */
  constructor(sample: ArrayLike<number>) {
    const sorted = Float64Array.from(sample).sort();
    this.#values = new Float64Array(new Set(sorted));
    this.#atMost = new Float64Array(this.#values.length);
    for (let at = 0, index = 0; at < sorted.length; at++) {
      if (sorted[at] !== this.#values[index]) index++;
      this.#atMost[index] = at + 1;
    }
    this.#edges = quantileEdges(sorted);
    this.#referenceMean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    this.#counts = new Float64Array(2 * this.#values.length + 1);
  }

  /** A value that is no number is not counted. */
  add(value: number): void {
    if (Number.isNaN(value)) return;
    const values = this.#values;
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[middle]! < value) low = middle + 1;
      else high = middle;
    }
    this.#counts[2 * low + Number(values[low] === value)]!++;
    this.#count++;
    this.#sum += value;
  }

  get count(): number {
    return this.#count;
  }

  /** Undefined before the first value. */
  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count;
  }

  /** Of the reference: a quarter of its values is below the first, a quarter above the second. */
  get referenceQuartiles(): readonly [number, number] {
    const total = this.#atMost.at(-1)!;
    const at = (share: number): number => this.#values[this.#atMost.findIndex((count) => count >= share * total)]!;
    return [at(0.25), at(0.75)];
  }

  get referenceMean(): number {
    return this.#referenceMean;
  }

  /** Smirnov's distance, 0 to 1; 0 before the first value. */
  get kolmogorovSmirnov(): number {
    if (this.#count === 0) return 0;
    const total = this.#atMost.at(-1)!;
    let [below, largest] = [0, 0];
    this.#atMost.forEach((atMost, at) => {
      below += this.#counts[2 * at]!;
      const before = at === 0 ? 0 : this.#atMost[at - 1]! / total;
      largest = Math.max(largest, Math.abs(below / this.#count - before));
      below += this.#counts[2 * at + 1]!;
      largest = Math.max(largest, Math.abs(below / this.#count - atMost / total));
    });
    return largest;
  }

  /** The population stability index over the reference's deciles, in nats. */
  get stabilityIndex(): number {
    const bins = this.#edges.length + 1;
    const [reference, counted] = [new Float64Array(bins), new Float64Array(bins)];
    let bin = 0;
    this.#values.forEach((value, at) => {
      // What lies between a value and the edge after it is below the edge.
      counted[bin]! += this.#counts[2 * at]!;
      if (value === this.#edges[bin]) bin++;
      reference[bin]! += this.#atMost[at]! - (at === 0 ? 0 : this.#atMost[at - 1]!);
      counted[bin]! += this.#counts[2 * at + 1]!;
    });
    counted[bin]! += this.#counts.at(-1)!;
    return populationStabilityIndex(reference, counted);
  }
}
