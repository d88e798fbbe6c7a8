/** Where a training stands between its beginning and its end: by steps, or by time. */
import type { FitOptions, Stage } from "./fit-options.ts";
import { oneCycle } from "./schedule.ts";

export interface Course {
  /** Of the step after so many. */
  learningRateAt(steps: number): number;
  /** How far the averages of the weights move towards the new ones at the step after so many. */
  averageShareAt(steps: number): number;
  /** The part of the training that an epoch belongs to, when it begins. 1 is the first epoch. */
  stageOf(epoch: number): Stage;
  /** Whether another epoch begins. */
  hasEpoch(epoch: number): boolean;
  /** Whether the time is over, in the middle of an epoch. */
  isOver(): boolean;
  /** How long training has taken, with what came before an interruption. */
  elapsedMs(): number;
  /** Tells how long a validation takes, so that time is left for it. */
  validated(ms: number): void;
}

/** The whole training as one part. */
const wholeTraining: readonly Stage[] = [{ until: 1 }];
/** How finely a course by time is parted for the schedule. */
const ticks = 1_000_000;

export function createCourse(options: FitOptions, stepsPerEpoch: number): Course {
  const { epochs, timeMs, learningRate, schedule = oneCycle(), stages = wholeTraining, averageSteps = 0 } = options;
  const { nowMs = () => performance.now() } = options;
  const startMs = nowMs() - (options.resume?.elapsedMs ?? 0);
  let validationMs = 0;
  const elapsedMs = (): number => nowMs() - startMs;
  const shareOfTime = (budgetMs: number): number => Math.min(1, elapsedMs() / Math.max(1, budgetMs - validationMs));
  return {
    learningRateAt(steps) {
      if (timeMs === undefined) return learningRate * schedule(steps, epochs * stepsPerEpoch);
      return learningRate * schedule(shareOfTime(timeMs) * (ticks - 1), ticks);
    },
    // Young averages forget quickly, or they would hold on to the first weights. Source: tf.train.ExponentialMovingAverage.
    averageShareAt: (steps) => Math.max(1 / Math.max(1, averageSteps), 9 / (10 + steps)),
    stageOf(epoch) {
      const share = timeMs === undefined ? (epoch - 1) / epochs : shareOfTime(timeMs);
      return stages.find(({ until }) => share < until) ?? stages.at(-1)!;
    },
    hasEpoch: (epoch) => (timeMs === undefined ? epoch <= epochs : epoch === 1 || shareOfTime(timeMs) < 1),
    isOver: () => timeMs !== undefined && shareOfTime(timeMs) >= 1,
    elapsedMs,
    validated(ms) {
      validationMs = ms;
    },
  };
}
