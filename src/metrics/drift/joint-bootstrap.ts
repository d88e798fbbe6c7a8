/** One bootstrap for many columns of the same pictures: each pair of samples is drawn once for all. */
import type { Random } from "../../base/random.ts";
import type { NullDistribution } from "./bootstrap.ts";
import { chiSquaredOfShares } from "./class-shares-test.ts";

export interface PictureColumns {
  /** Values of each picture, by the name of the column. */
  readonly columns: Readonly<Record<string, ArrayLike<number>>>;
  /** The class of each picture. */
  readonly classes: ArrayLike<number>;
  readonly classCount: number;
}

export interface JointBootstrapOptions {
  readonly windowSize: number;
  readonly replicates: number;
  readonly random: Random;
  /** How often a picture is drawn, in proportion; all alike unless given. */
  readonly weights?: ArrayLike<number>;
}

export interface JointNulls {
  /** Of the Kolmogorov-Smirnov distance of each column. */
  readonly columns: Readonly<Record<string, NullDistribution>>;
  /** Of the chi-squared statistic of the class counts. */
  readonly classShares: NullDistribution;
}

/**
 * As `bootstrapNull`, for the Kolmogorov-Smirnov distance of every column and for the class shares.
 * A column is sorted once; a drawn sample is a count for each picture, so that a distance is one
 * walk over the sorted pictures. 10,000 pairs of 1,000 and 200 pictures with 10 columns take 0.7 s.
 */
export function jointBootstrap(
  { columns, classes, classCount }: PictureColumns,
  { windowSize, replicates, random, weights }: JointBootstrapOptions,
): JointNulls {
  const count = classes.length;
  const draw = pictureDraw(count, random, weights);
  const walks = Object.entries(columns).map(([name, values]) => ({
    name,
    ...walkOf(values),
    nulls: new Float64Array(replicates),
  }));
  const classNulls = new Float64Array(replicates);
  const [reference, window] = [new Uint32Array(count), new Uint32Array(count)];
  const [referenceClasses, windowClasses] = [new Uint32Array(classCount), new Uint32Array(classCount)];
  const drawInto = (pictures: Uint32Array, ofClass: Uint32Array, size: number): void => {
    pictures.fill(0);
    ofClass.fill(0);
    for (let drawn = 0; drawn < size; drawn++) {
      const picture = draw();
      pictures[picture]!++;
      ofClass[classes[picture]!]!++;
    }
  };
  for (let replicate = 0; replicate < replicates; replicate++) {
    drawInto(reference, referenceClasses, count);
    drawInto(window, windowClasses, windowSize);
    classNulls[replicate] = chiSquaredOfShares(referenceClasses, windowClasses);
    for (const { order, isLast, nulls } of walks) {
      let [distance, largest] = [0, 0];
      for (let at = 0; at < count; at++) {
        const picture = order[at]!;
        distance += reference[picture]! / count - window[picture]! / windowSize;
        if (isLast[at] === 1 && Math.abs(distance) > largest) largest = Math.abs(distance);
      }
      nulls[replicate] = largest;
    }
  }
  return {
    columns: Object.fromEntries(walks.map(({ name, nulls }) => [name, nulls.sort()])),
    classShares: classNulls.sort(),
  };
}

/** The pictures by value, and which of them is the last one of its value. */
function walkOf(values: ArrayLike<number>): { order: Uint32Array; isLast: Uint8Array } {
  const order = Uint32Array.from({ length: values.length }, (_, at) => at);
  order.sort((a, b) => values[a]! - values[b]!);
  return { order, isLast: Uint8Array.from(order, (picture, at) => Number(values[picture] !== values[order[at + 1]!])) };
}

/** Draws a picture in proportion to its weight: by its place in the sums of the weights before it. */
export function pictureDraw(count: number, random: Random, weights?: ArrayLike<number>): () => number {
  if (weights === undefined) return () => random.integer(count);
  const sums = new Float64Array(count);
  let total = 0;
  for (let at = 0; at < count; at++) {
    total += weights[at]!;
    sums[at] = total;
  }
  return () => {
    const place = random.next() * total;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! > place) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** max |F(x) - G(x)| where the values of the first sample count by their weights. */
export function weightedDistance(
  first: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
  second: ArrayLike<number>,
): number {
  const order = Uint32Array.from({ length: first.length }, (_, at) => at).sort((a, b) => first[a]! - first[b]!);
  const sorted = Float64Array.from(second).sort();
  let total = 0;
  for (let at = 0; at < first.length; at++) total += weights?.[at] ?? 1;
  let [i, j, sum, largest] = [0, 0, 0, 0];
  while (i < order.length || j < sorted.length) {
    const value = Math.min(first[order[i] ?? -1] ?? Number.POSITIVE_INFINITY, sorted[j] ?? Number.POSITIVE_INFINITY);
    for (; i < order.length && first[order[i]!]! <= value; i++) sum += weights?.[order[i]!] ?? 1;
    while (j < sorted.length && sorted[j]! <= value) j++;
    largest = Math.max(largest, Math.abs(sum / total - j / sorted.length));
  }
  return largest;
}
