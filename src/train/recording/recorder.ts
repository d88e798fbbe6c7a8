/** What a training tells while it runs, for those who keep a record of it. */
import type { DatasetSummary } from "../../dataset/dataset-summary.ts";
import type { EpochMetrics, StepReport } from "../fit/fit-options.ts";
import type { PreparedTraining } from "../prepare-training.ts";
import type { TrainingRun } from "../training-run.ts";

/** All that is known before the first step. */
export interface ReadyTraining {
  readonly run: TrainingRun;
  readonly isResumed: boolean;
  /** Of before it was resumed. */
  readonly epochs: readonly EpochMetrics[];
  readonly prepared: PreparedTraining;
  readonly summary: DatasetSummary;
}

export interface Recorder {
  /**
   * Awaited before the first step, when nothing else can refuse the training any more; gives the
   * run, whose id the store may have chosen. An error ends the training; the calls below never fail.
   */
  begin(training: ReadyTraining): Promise<TrainingRun>;
  /** Called between two steps: it must cost next to nothing. */
  step(report: StepReport): void;
  /**
   * Awaited before each checkpoint, so that a training which is resumed from it goes on where its
   * record ends, or before.
   */
  settle(): Promise<void>;
  /** A checkpoint was written. */
  checkpointed(path: string): void;
}
