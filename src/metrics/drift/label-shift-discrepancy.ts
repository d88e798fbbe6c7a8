/** Whether vectors differ by more than other shares of the same classes. */
import type { Random } from "../../base/random.ts";
import type { NullDistribution } from "./bootstrap.ts";
import { classPriors } from "./class-priors.ts";
import { pictureDraw } from "./joint-bootstrap.ts";

/** Pictures with their features, whose means are compared. */
export interface FeaturedPictures {
  /** `[count, size]` row-major. */
  readonly features: Float32Array;
  readonly size: number;
  /** The class that each was answered with. */
  readonly answers: ArrayLike<number>;
}

export interface LabelShiftOptions {
  readonly classCount: number;
  readonly replicates: number;
  readonly random: Random;
}

/** Shares of classes need no more digits, and there is a search for each replicate. */
const priorsTolerance = 1e-4;

/**
 * The squared distance between a window's mean features and those of a reference whose classes are
 * weighted to the shares that the window's answers tell of (`classPriors`), and what it is where the
 * window has pictures like those of the weighted reference. In each replicate the shares are
 * estimated anew from the drawn pictures, since of a weak model they are known badly: with fixed
 * weights, 5 of 8 windows of other shares were taken for other pictures.
 * Each answer of the window must be one of the reference's.
 */
export function labelShiftDiscrepancy(
  reference: FeaturedPictures & { readonly targets: ArrayLike<number> },
  window: FeaturedPictures,
  { classCount, replicates, random }: LabelShiftOptions,
): { readonly statistic: number; readonly nulls: NullDistribution } {
  const { targets, answers } = reference;
  const count = answers.length;
  const windowSize = window.answers.length;
  const all = Uint32Array.from({ length: count }, (_, at) => at);
  const allOfWindow = Uint32Array.from({ length: windowSize }, (_, at) => at);

  const weightsOf = (drawn: Uint32Array, windowAnswers: Iterable<number>): Float64Array => {
    const shares = new Array<number>(classCount).fill(0);
    for (const answer of windowAnswers) shares[answer]! += 1 / windowSize;
    const drawnTargets = drawn.map((at) => targets[at]!);
    const priors = classPriors(
      drawnTargets,
      drawn.map((at) => answers[at]!),
      shares,
      priorsTolerance,
    );
    const ofTarget = new Uint32Array(classCount);
    for (const target of drawnTargets) ofTarget[target]!++;
    return Float64Array.from(drawnTargets, (target) => priors[target]! / ofTarget[target]!);
  };
  const distance = (drawn: Uint32Array, of: FeaturedPictures, drawnWindow: Uint32Array): number => {
    const windowAnswers = drawnWindow.map((at) => of.answers[at]!);
    const before = weightedMean(reference, drawn, weightsOf(drawn, windowAnswers));
    const now = weightedMean(of, drawnWindow);
    return before.reduce((sum, value, at) => sum + (value - now[at]!) ** 2, 0);
  };

  const drawReference = pictureDraw(count, random);
  const drawWindow = pictureDraw(count, random, weightsOf(all, Array.from(window.answers)));
  const nulls = Float64Array.from({ length: replicates }, () =>
    distance(all.map(drawReference), reference, allOfWindow.map(drawWindow)),
  ).sort();
  return { statistic: distance(all, window, allOfWindow), nulls };
}

function weightedMean(
  { features, size }: FeaturedPictures,
  pictures: Uint32Array,
  weights?: Float64Array,
): Float64Array {
  const mean = new Float64Array(size);
  let total = 0;
  for (let drawn = 0; drawn < pictures.length; drawn++) {
    const weight = weights?.[drawn] ?? 1;
    const row = pictures[drawn]! * size;
    total += weight;
    for (let at = 0; at < size; at++) mean[at]! += weight * features[row + at]!;
  }
  return mean.map((sum) => sum / total);
}
