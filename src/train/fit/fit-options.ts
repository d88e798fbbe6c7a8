/** What a training is given, what it reports on its way, and what it gives back. */
import type { Progress } from "../../base/progress.ts";
import type { Seed } from "../../base/random.ts";
import type { Pack } from "../../dataset/pack/pack.ts";
import type { Augmentation } from "../../nn/augment/augmentation.ts";
import type { Model, Weights } from "../../nn/inference-graph.ts";
import type { PictureSize } from "../../nn/picture-input.ts";
import type { Executor } from "../../runtime/executor.ts";
import type { Optimizer } from "../step/optimizer.ts";
import type { StateVectors } from "../step/step-runner.ts";
import type { Schedule } from "./schedule.ts";

export interface FitOptions {
  readonly executor: Executor;
  readonly model: Model;
  /** Trains on its train split and validates on its val split. */
  readonly pack: Pack;
  /** How many; with `timeMs` as many as there is time for. */
  readonly epochs: number;
  /**
   * How long training may take, validation included: the schedule runs out with it, whatever the
   * machine manages until then.
   */
  readonly timeMs?: number;
  /** Parts of the training that differ, in their order; one for all of it unless given. */
  readonly stages?: readonly Stage[];
  /**
   * Steps over which weights are averaged; validated and kept are then the averages. 0 or left out:
   * none.
   */
  readonly averageSteps?: number;
  readonly batchSize: number;
  /** The schedule's peak. */
  readonly learningRate: number;
  /** Default `oneCycle()`. */
  readonly schedule?: Schedule;
  /** Default `adamw()`. */
  readonly optimizer?: Optimizer;
  readonly augmentation?: Augmentation;
  readonly labelSmoothing?: number;
  readonly classWeights?: readonly number[];
  /**
   * Decides weights, order, augmentation and dropout: the same seed and threads give the same
   * weights, bit for bit.
   */
  readonly seed: Seed;
  /**
   * Stop after this many epochs without a better validation; left out, training runs to its end.
   */
  readonly patience?: number;
  /**
   * Go on from a snapshot that an earlier training of the same options gave: bit for bit as if it
   * had never stopped.
   */
  readonly resume?: Snapshot;
  /** How often `onCheckpoint` is called within an epoch. Never unless given. */
  readonly checkpointMs?: number;
  /** Aborting it ends training after the step under way, with what there is. */
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** Called at the end of each epoch and awaited; the place to write metrics. */
  onEpoch?(report: EpochReport): void | Promise<void>;
  /**
   * Called, and awaited, at the end of each epoch, every `checkpointMs`, and when training is
   * interrupted; the place to write checkpoints.
   */
  onCheckpoint?(snapshot: Snapshot): void | Promise<void>;
  /** Milliseconds from any start. */
  readonly nowMs?: () => number;
}

/** A part of a training. */
export interface Stage {
  /**
   * Its end, as a share of the whole training; the last one ends at 1. Changes take place between
   * epochs, and the last epoch is always of the last stage.
   */
  readonly until: number;
  /** Height and width of the pictures that are fed; the model's unless given. */
  readonly fedSize?: Pick<PictureSize, "height" | "width">;
  /** In place of the training's own. */
  readonly augmentation?: Augmentation;
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
  /** Pictures answered rightly. */
  readonly correct: number;
}

/** Everything that training needs to go on from anywhere. The vectors are copies. */
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
  /** How long training has taken so far, with what came before an interruption. */
  readonly elapsedMs: number;
}

export interface FitResult {
  /** `diverged` only in the result that a `DivergenceError` carries. */
  readonly end: "finished" | "stopped-early" | "interrupted" | "diverged";
  /**
   * The weights with the highest validation accuracy (the lower loss among equals); the last ones
   * before any validation.
   */
  readonly best: Weights;
  readonly last: Weights;
  /** 0 where no epoch was finished. */
  readonly bestEpoch: number;
  readonly history: readonly EpochMetrics[];
}
