/** How much of a training's budget is used, and what follows from it: schedule, stage, end. */
import type { FitOptions, Snapshot } from "./fit-options.ts";
import type { FitPlan, Stage } from "./fit-plan.ts";

export interface TrainingClock extends Stopwatch {
  /** Of the step after `steps` steps. */
  learningRateAt(steps: number): number;
  /** Whether there is another epoch, 1 for the first. One that a resumed training began counts. */
  hasEpoch(epoch: number): boolean;
  /** Starts an epoch and gives its stage: that of the epoch's middle. */
  startEpoch(epoch: number): Stage;
  /**
   * With a time budget, whether the epoch ends before its last picture: the time is over, or that
   * of its stage by more than half an epoch.
   */
  isOver(): boolean;
  /** Time left after an epoch that took `epochMs`. */
  remainingMs(epoch: number, epochMs: number): number;
}

interface Stopwatch {
  /** Time of training, with what came before an interruption. */
  elapsedMs(): number;
  /** `elapsedMs` when the epoch under way began, also where that was before an interruption. */
  epochStartedMs(): number;
  /** How long the last validation took; 0 before any. */
  validationMs(): number;
  /** Notes how long a validation takes, so that time is left for the next. */
  validated(durationMs: number): void;
}

type ClockOptions = Pick<FitOptions, "plan" | "resume" | "nowMs">;

export function createTrainingClock({ plan, resume, nowMs }: ClockOptions, stepsPerEpoch: number): TrainingClock {
  const { budget } = plan;
  return "epochs" in budget
    ? epochClock(plan, budget.epochs, stepsPerEpoch, createStopwatch(resume, nowMs))
    : timeClock(plan, budget.timeMs, createStopwatch(resume, nowMs));
}

type EpochStopwatch = ReturnType<typeof createStopwatch>;

function createStopwatch(resume: Snapshot | undefined, nowMs: () => number) {
  const startMs = nowMs() - (resume?.elapsedMs ?? 0);
  const begunEpoch = resume && resume.position.batches > 0 ? resume.epoch + 1 : undefined;
  let validationMs = resume?.validationMs ?? 0;
  let epochMs = resume?.history.at(-1)?.durationMs ?? 0;
  let startedMs: number | undefined;
  const elapsedMs = (): number => nowMs() - startMs;
  return {
    elapsedMs,
    epochStartedMs: () => startedMs ?? 0,
    validationMs: () => validationMs,
    validated(durationMs: number) {
      validationMs = durationMs;
    },
    /** The epoch that was interrupted before its end. */
    begunEpoch,
    /** How long the last epoch took; 0 before any. */
    epochMs: () => epochMs,
    startEpoch(epoch: number): void {
      const beginMs = resume && epoch === begunEpoch ? resume.epochStartedMs : elapsedMs();
      if (startedMs !== undefined) epochMs = beginMs - startedMs;
      startedMs = beginMs;
    },
  };
}

function epochClock(plan: FitPlan, epochs: number, stepsPerEpoch: number, watch: EpochStopwatch): TrainingClock {
  const { learningRate, schedule, stages } = plan;
  return {
    ...watch,
    learningRateAt: (steps) => learningRate * schedule(steps, epochs * stepsPerEpoch),
    hasEpoch: (epoch) => epoch <= epochs,
    startEpoch(epoch) {
      watch.startEpoch(epoch);
      return epoch >= epochs ? stages.at(-1)! : stageAt(stages, (epoch - 0.5) / epochs);
    },
    isOver: () => false,
    remainingMs: (epoch, epochMs) => (epochs - epoch) * epochMs,
  };
}

/** The resolution of the schedule over a time budget. */
const ticks = 1_000_000;

function timeClock(plan: FitPlan, timeMs: number, watch: EpochStopwatch): TrainingClock {
  const { learningRate, schedule, stages } = plan;
  const shareOf = (ms: number): number => Math.min(1, ms / Math.max(1, timeMs - watch.validationMs()));
  const usedShare = (): number => shareOf(watch.elapsedMs());
  let stage = stages[0]!;
  return {
    ...watch,
    learningRateAt: () => learningRate * schedule(usedShare() * (ticks - 1), ticks),
    hasEpoch: (epoch) => epoch === 1 || epoch === watch.begunEpoch || usedShare() < 1,
    startEpoch(epoch) {
      watch.startEpoch(epoch);
      stage = stageAt(stages, shareOf(watch.epochStartedMs() + watch.epochMs() / 2));
      return stage;
    },
    isOver: () => usedShare() >= Math.min(1, stage.until + shareOf(watch.epochMs()) / 2),
    remainingMs: () => Math.max(0, timeMs - watch.elapsedMs()),
  };
}

function stageAt(stages: readonly Stage[], share: number): Stage {
  return stages.find(({ until }) => share < until) ?? stages.at(-1)!;
}
