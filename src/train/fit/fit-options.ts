/** What a training is given, what it reports on its way, and what it gives back. */
import type { Progress } from "../../base/progress.ts";
import type { Pack } from "../../dataset/pack/pack.ts";
import type { Answers } from "../../metrics/classification-metrics.ts";
import type { Model, Weights } from "../../nn/inference-graph.ts";
import type { Executor } from "../../runtime/executor.ts";
import type { StateVectors } from "../step/step-runner.ts";
import type { FitPlan, TrainingBudget } from "./fit-plan.ts";

export interface FitOptions {
  readonly executor: Executor;
  readonly model: Model;
  /** Trains on its train split and validates on its val split. */
  readonly pack: Pack;
  readonly plan: FitPlan;
  /**
   * A snapshot of an earlier training by the same plan, to resume bit for bit as if it had never
   * stopped.
   */
  readonly resume: Snapshot | undefined;
  /** Weights that are kept unless an epoch betters them, where the network was trained before. */
  readonly start?: BestWeights | undefined;
  /** Aborting it ends training after the step under way, with what there is. */
  readonly signal: AbortSignal | undefined;
  readonly progress: Progress;
  /** Milliseconds from any start. */
  readonly nowMs: () => number;
  /**
   * Called once before the first epoch, with an estimate; `elapsedMs` is the time that was used up
   * before the training was resumed.
   */
  onStart?(estimate: { readonly validationMs: number; readonly elapsedMs: number }): void;
  /** Called after each step, between two of them: it must cost next to nothing. */
  onStep?(report: StepReport): void;
  /** Called at the end of each epoch and awaited; the place to write metrics. */
  onEpoch(report: EpochReport): void | Promise<void>;
  /**
   * Called, and awaited, at the end of each epoch, every `checkpointMs`, and when training is
   * interrupted; the place to write checkpoints.
   */
  onCheckpoint(snapshot: Snapshot): void | Promise<void>;
}

/** One step of the optimizer. */
export interface StepReport {
  /** 1 for the first of the training. */
  readonly step: number;
  /** Mean over the batch. */
  readonly loss: number;
  readonly learningRate: number;
}

/** One row of a training's history. */
export interface EpochMetrics {
  /** 1 for the first. */
  readonly epoch: number;
  /** Mean over the epoch, with label smoothing and augmentation. */
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  /** Of the epoch's last step. */
  readonly learningRate: number;
  /** Training pictures per second, validation left out. */
  readonly imagesPerSecond: number;
  readonly durationMs: number;
}

/** How far an epoch is, and its sums until there. */
export interface EpochPosition {
  /** Batches done. */
  readonly batches: number;
  readonly lossSum: number;
  /** Pictures that were classified correctly. */
  readonly correct: number;
}

/** Everything that a training needs to be resumed from anywhere. The vectors are copies. */
export interface Snapshot {
  /** Epochs finished. */
  readonly epoch: number;
  /** Steps taken. */
  readonly step: number;
  /** Of the epoch under way. */
  readonly position: EpochPosition;
  /** How long training has taken so far. */
  readonly elapsedMs: number;
  /** `elapsedMs` when the epoch under way began. */
  readonly epochStartedMs: number;
  /** How long the last validation took; 0 before any. */
  readonly validationMs: number;
  readonly state: StateVectors;
  readonly history: readonly EpochMetrics[];
  readonly best: BestWeights | undefined;
}

export interface BestWeights extends Weights {
  readonly epoch: number;
  readonly validationAccuracy: number;
  readonly validationLoss: number;
}

export interface EpochReport {
  readonly metrics: EpochMetrics;
  /** Whether these weights are the best so far. */
  readonly isBest: boolean;
  readonly budget: TrainingBudget;
  /** An estimate, where the budget is in epochs. */
  readonly remainingMs: number;
  /** How long a validation takes. */
  readonly validationMs: number;
}

export interface FitResult {
  /** `diverged` only in the result that a `DivergenceError` carries. */
  readonly end: "finished" | "stopped-early" | "interrupted" | "diverged";
  /**
   * The weights with the highest validation accuracy (the lower loss among equals); the last ones
   * before any validation.
   */
  readonly best: Weights;
  /**
   * Of `best` on the validation split; undefined where they are those of a checkpoint that was
   * resumed, or of no epoch.
   */
  readonly bestAnswers: Answers | undefined;
  readonly last: Weights;
  /** How many epochs of the history are of before the training was resumed. */
  readonly epochsBefore: number;
  /** 0 where no epoch was finished, or none bettered the weights at the start. */
  readonly bestEpoch: number;
  readonly history: readonly EpochMetrics[];
}
