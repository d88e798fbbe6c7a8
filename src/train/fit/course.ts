/** Where a training stands between its beginning and its end: by steps, or by time. */
import type { FitOptions, Stage } from "./fit-options.ts";
import { oneCycle } from "./schedule.ts";

export interface Course {
  /** Of the step after so many. */
  learningRateAt(steps: number): number;
  /** How far the averages of the weights move towards the new ones at the step after so many. */
  averageShareAt(steps: number): number;
  /**
   * The part of the training that an epoch belongs to by its middle; asked when it begins. 1 is the
   * first epoch.
   */
  stageOf(epoch: number): Stage;
  /**
   * Whether another epoch begins, or one that was begun before an interruption goes on: it is
   * always validated.
   */
  hasEpoch(epoch: number): boolean;
  /**
   * Whether an epoch by time ends before its last picture: the time is over, or that of its stage
   * by more than half an epoch.
   */
  isOver(): boolean;
  /** How long training has taken, with what came before an interruption. */
  elapsedMs(): number;
  /** `elapsedMs` when the epoch under way began, also where that was before an interruption. */
  epochStartedMs(): number;
  /** How long the last validation took; 0 before any. */
  validationMs(): number;
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
  let validationMs = options.resume?.validationMs ?? 0;
  let stage = stages[0]!;
  const { epoch: doneEpochs = 0, position, epochStartedMs = 0 } = options.resume ?? {};
  const begunEpoch = position && position.batches > 0 ? doneEpochs + 1 : undefined;
  let startedMs: number | undefined;
  // What an epoch took before an interruption tells how long one takes.
  let epochMs = options.resume?.history.at(-1)?.durationMs ?? 0;
  const elapsedMs = (): number => nowMs() - startMs;
  const shareOf = (ms: number): number => Math.min(1, ms / Math.max(1, (timeMs ?? 0) - validationMs));
  const stageAt = (share: number): Stage => stages.find(({ until }) => share < until) ?? stages.at(-1)!;
  return {
    learningRateAt(steps) {
      if (timeMs === undefined) return learningRate * schedule(steps, epochs * stepsPerEpoch);
      return learningRate * schedule(shareOf(elapsedMs()) * (ticks - 1), ticks);
    },
    // Young averages forget quickly, or they would hold on to the first weights. Source:
    // tf.train.ExponentialMovingAverage.
    averageShareAt: (steps) => Math.max(1 / Math.max(1, averageSteps), 9 / (10 + steps)),
    stageOf(epoch) {
      const beginMs = epoch === begunEpoch ? epochStartedMs : elapsedMs();
      if (startedMs !== undefined) epochMs = beginMs - startedMs;
      startedMs = beginMs;
      if (timeMs === undefined) return epoch >= epochs ? stages.at(-1)! : stageAt((epoch - 0.5) / epochs);
      stage = stageAt(shareOf(beginMs + epochMs / 2));
      return stage;
    },
    hasEpoch(epoch) {
      if (timeMs === undefined) return epoch <= epochs;
      return epoch === 1 || epoch === begunEpoch || shareOf(elapsedMs()) < 1;
    },
    isOver: () => timeMs !== undefined && shareOf(elapsedMs()) >= Math.min(1, stage.until + shareOf(epochMs) / 2),
    elapsedMs,
    epochStartedMs: () => startedMs ?? 0,
    validationMs: () => validationMs,
    validated(ms) {
      validationMs = ms;
    },
  };
}
