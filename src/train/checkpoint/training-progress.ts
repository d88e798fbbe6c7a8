/** One progress task for a whole training in place of one for each epoch. */
import type { Progress, ProgressHandle } from "../../base/progress.ts";

export interface TrainingProgress extends Progress {
  /** Ends the task; later calls do nothing. */
  end(isComplete: boolean, info?: string): void;
}

export type TrainingLength =
  | { /** Of all remaining epochs. */ readonly pictures: number }
  | { readonly timeMs: number; readonly nowMs: () => number };

export function createTrainingProgress(progress: Progress, length: TrainingLength): TrainingProgress {
  let whole: ProgressHandle | undefined;
  let shownSeconds = 0;
  const startMs = "timeMs" in length ? length.nowMs() : 0;
  const task =
    "timeMs" in length
      ? { label: "train", total: Math.round(length.timeMs / 1000), unit: "s" }
      : { label: "train", total: length.pictures, unit: "images" };
  /** In the unit of the task. */
  const stepOf = (count = 1): number => {
    if (!("timeMs" in length)) return count;
    const seconds = Math.floor((length.nowMs() - startMs) / 1000) - shownSeconds;
    shownSeconds += seconds;
    return seconds;
  };
  let isOver = false;
  return {
    start({ label }) {
      whole ??= progress.start(task);
      const handle = whole;
      return {
        advance: (count, info) => handle.advance(stepOf(count), info === undefined ? label : `${label}, ${info}`),
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
