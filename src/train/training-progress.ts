/** One task for a whole training, with its time left, in place of one for each epoch. */
import type { Progress, ProgressHandle } from "../base/progress.ts";

export interface TrainingProgress extends Progress {
  /** Ends the task; later calls do nothing. */
  end(isComplete: boolean, info?: string): void;
}

/** @param total pictures of all epochs that are still to come. */
export function createTrainingProgress(progress: Progress, total: number): TrainingProgress {
  let whole: ProgressHandle | undefined;
  let isOver = false;
  return {
    start({ label }) {
      whole ??= progress.start({ label: "train", total, unit: "images" });
      const task = whole;
      return {
        advance: (count, info) => task.advance(count, info === undefined ? label : `${label}, ${info}`),
        done: () => undefined,
        fail: () => undefined,
      };
    },
    end(isComplete, info) {
      if (isOver) return;
      isOver = true;
      if (isComplete) whole?.done(info);
      else whole?.fail(info);
    },
  };
}
