/** What changes from step to step: the learning rate, and how far weights are averaged. */

/** The factor of the peak learning rate, 0 to 1; `step` is 0 for the first of `totalSteps`. */
export type Schedule = (step: number, totalSteps: number) => number;

/** The peak rate throughout. */
export function constantSchedule(): Schedule {
  return () => 1;
}

export interface CosineOptions {
  /** Share of the steps with linear warm-up. Default 0.05. */
  readonly warmup?: number;
  /** The factor at the end. Default 0. */
  readonly floor?: number;
}

/** Linear warm-up, then a cosine down to the floor. Source: Loshchilov, Hutter, SGDR, ICLR 2017. */
export function cosineWithWarmup({ warmup = 0.05, floor = 0 }: CosineOptions = {}): Schedule {
  return (step, totalSteps) => {
    const warmupSteps = Math.round(warmup * totalSteps);
    if (step < warmupSteps) return (step + 1) / (warmupSteps + 1);
    return cosineBetween(1, floor, fraction(step - warmupSteps, totalSteps - 1 - warmupSteps));
  };
}

export interface OneCycleOptions {
  /** Share of the steps before the peak. Default 0.3. */
  readonly peakAt?: number;
  /** The first factor is 1 / this. Default 25. */
  readonly startDivisor?: number;
  /** The last factor is the first one divided by this. Default 10,000. */
  readonly endDivisor?: number;
}

/**
 * PyTorch's OneCycleLR with cosine annealing: up from 1 / startDivisor to the peak, then down to
 * almost 0. Source: Smith and Topin, Super-Convergence, 2018.
 */
export function oneCycle({ peakAt = 0.3, startDivisor = 25, endDivisor = 1e4 }: OneCycleOptions = {}): Schedule {
  const start = 1 / startDivisor;
  return (step, totalSteps) => {
    const peakStep = peakAt * totalSteps - 1;
    if (step <= peakStep) return cosineBetween(start, 1, fraction(step, peakStep));
    return cosineBetween(1, start / endDivisor, fraction(step - peakStep, totalSteps - 1 - peakStep));
  };
}

/**
 * How far the moving averages of the weights move towards the new weights, 0 to 1: more in the
 * first steps, as in tf.train.ExponentialMovingAverage, so that the first weights are forgotten.
 */
export function averageShareAt(stepsDone: number, averageSteps: number): number {
  return Math.max(1 / Math.max(1, averageSteps), 9 / (10 + stepsDone));
}

/** `from` at 0, `to` at 1, along half a cosine. */
function cosineBetween(from: number, to: number, progress: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * progress))) / 2;
}

/** part / whole within 0 to 1; 1 for an empty whole. */
function fraction(part: number, whole: number): number {
  return whole <= 0 ? 1 : Math.min(Math.max(part / whole, 0), 1);
}
