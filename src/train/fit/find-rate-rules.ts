/** Which learning rate a range test recommends: rules on the smoothed loss over the rate. */

export interface RatePoint {
  readonly learningRate: number;
  /** Of one batch before its update; the mean over the runs of the test. */
  readonly loss: number;
  /** The bias-corrected exponential mean of the losses so far. */
  readonly smoothedLoss: number;
}

/** The rate that each rule names. */
export interface RateRules {
  /** The highest rate at which the loss falls nearly as fast as anywhere. */
  readonly steepest: number;
  /** The middle of the longest fall, as fastai's `valley`. */
  readonly valley: number;
  /** A tenth of the rate with the lowest loss, as fastai's `minimum`. */
  readonly tenthOfMinimum: number;
}

/** The rates over which the loss falls: after the first tenth of its fall, and at its lowest. */
export interface RateRange {
  readonly from: number;
  readonly to: number;
}

export interface RateAdvice {
  /** The rate of the rule that the measurements in docs/results.md speak for: the steepest. */
  readonly suggestion: number;
  readonly rules: RateRules;
  readonly range: RateRange;
}

/** The mean looks back this far, in decades of the rate; so do the slopes, to both sides. */
const smoothedDecades = 0.5;
const slopeDecades = 0.5;
/** Many losses fall evenly over a decade of rates, and noise decides where they fall most. */
const nearlySteepest = 0.8;
/** A fall that is smaller than this many standard deviations of the mean is noise. */
const leastFall = 5;

/**
 * The weight of each new loss in the mean, by the factor between the rates of two steps: the mean
 * then looks back over the same range of rates, however many steps there are.
 */
export function weightOfNewest(rateFactor: number): number {
  return 1 - Math.exp(-Math.log10(rateFactor) / smoothedDecades);
}

/** Gives the bias-corrected exponential mean after each loss. */
export function createMean(weight: number): (loss: number) => number {
  let mean = 0;
  let count = 0;
  return (loss) => {
    mean += weight * (loss - mean);
    count++;
    return mean / (1 - (1 - weight) ** count);
  };
}

/**
 * Undefined where the loss does not clearly fall. The first mean that looks back its whole range
 * comes first: those before it are noisy.
 * Sources: Smith, Cyclical Learning Rates for Training Neural Networks, WACV 2017; fastai's
 * `lr_find` with its rules `steep`, `valley` and `minimum`.
 */
export function adviseRate(points: readonly RatePoint[]): RateAdvice | undefined {
  const [first, second] = points;
  if (first === undefined || second === undefined) return undefined;
  const factor = second.learningRate / first.learningRate;
  const settled = points.slice(Math.ceil(smoothedDecades / Math.log10(factor)));
  const lowest = indexOfLowest(settled);
  const falling = settled.slice(0, lowest + 1);
  const fall = (falling[0]?.smoothedLoss ?? 0) - (falling.at(-1)?.smoothedLoss ?? 0);
  if (!(fall > leastFall * noiseOfMean(falling, weightOfNewest(factor)))) return undefined;

  const minimum = falling.at(-1)!.learningRate;
  const steepest = steepestOf(falling, Math.max(1, Math.round(slopeDecades / Math.log10(factor))));
  const isBefore = ({ smoothedLoss }: RatePoint): boolean => smoothedLoss > falling[0]!.smoothedLoss - fall / 10;
  return {
    suggestion: steepest,
    rules: { steepest, valley: valleyOf(falling), tenthOfMinimum: minimum / 10 },
    range: { from: falling[falling.findLastIndex(isBefore)]!.learningRate, to: minimum },
  };
}

function indexOfLowest(points: readonly RatePoint[]): number {
  return points.reduce((best, { smoothedLoss }, at) => (smoothedLoss < points[best]!.smoothedLoss ? at : best), 0);
}

/**
 * The standard deviation of the mean where that of one loss is taken from neighbours: their
 * differences have twice its variance, and no trend.
 */
function noiseOfMean(points: readonly RatePoint[], weight: number): number {
  if (points.length < 2) return 0;
  const squares = points.slice(1).map(({ loss }, at) => (loss - points[at]!.loss) ** 2);
  const variance = squares.reduce((sum, square) => sum + square, 0) / squares.length / 2;
  return Math.sqrt((variance * weight) / (2 - weight));
}

/** Falls are measured over `reach` steps to both sides; all steps are equally far apart. */
function steepestOf(points: readonly RatePoint[], reach: number): number {
  const lossAt = (at: number): number => points[Math.min(points.length - 1, Math.max(0, at))]!.smoothedLoss;
  const falls = points.map((_, at) => lossAt(at - reach) - lossAt(at + reach));
  const least = nearlySteepest * Math.max(...falls);
  return points[falls.findLastIndex((fall) => fall >= least)]!.learningRate;
}

/** The middle of the longest fall: of the longest series in which each loss is below those before it. */
function valleyOf(points: readonly RatePoint[]): number {
  const lengths: number[] = [];
  for (const [at, { smoothedLoss }] of points.entries()) {
    let before = 0;
    for (let earlier = 0; earlier < at; earlier++) {
      if (points[earlier]!.smoothedLoss > smoothedLoss) before = Math.max(before, lengths[earlier]!);
    }
    lengths.push(before + 1);
  }
  const end = lengths.reduce((best, length, at) => (length > lengths[best]! ? at : best), 0);
  const start = Math.max(0, end - lengths[end]!);
  const third = Math.trunc((end - start) / 3);
  return points[start + third + Math.trunc(third / 2)]!.learningRate;
}
