/**
 * Progress as plain lines, for logs, pipes and CI: the first, the last, and one every few seconds
 * between.
 */
import type { Progress, ProgressHandle, ProgressTask } from "../../base/progress.ts";
import { formatAmount } from "../../base/quantity.ts";
import { terminalLine } from "./console.ts";
import { createTaskMeter } from "./task-meter.ts";

/** A progress port that is drawn somewhere. */
export interface ConsoleProgress extends Progress {
  /** Writes a line among what is drawn without tearing it. */
  readonly write: (line: string) => void;
  /** Ends whatever is still drawn, as a task that threw leaves it. */
  readonly close: () => void;
}

export interface ProgressLinesOptions {
  /** Gets whole lines. */
  readonly write: (line: string) => void;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** The least time between two lines of one task. */
  readonly everyMs?: number;
}

/** `decode: 40% (400/1000 images), 640 images/s, 1.5 s left - cats`. */
export function createProgressLines({ write, now, everyMs = 5000 }: ProgressLinesOptions): ConsoleProgress {
  function start(task: ProgressTask): ProgressHandle {
    const { label, total, unit } = task;
    const meter = createTaskMeter(task, now());
    let lastLineMs = now();
    let note: string | undefined;
    let isOver = false;
    const line = (text: string): void =>
      write(`${terminalLine(`${label}: ${text}${note === undefined ? "" : ` - ${note}`}`)}\n`);
    const end = (text: (nowMs: number) => string, info: string | undefined): void => {
      if (isOver) return;
      isOver = true;
      note = info ?? note;
      line(text(now()));
    };

    line(total === undefined ? "started" : `started, ${formatAmount(total, unit)}`);
    return {
      advance(count = 1, info = undefined) {
        if (isOver) return;
        const nowMs = now();
        meter.advance(count, nowMs);
        note = info ?? note;
        if (nowMs - lastLineMs < everyMs || meter.fraction() === 1) return;
        lastLineMs = nowMs;
        line(meter.describe(nowMs));
      },
      done: (info) => end(meter.summarize, info),
      fail: (info) => end((nowMs) => `failed after ${meter.summarize(nowMs)}`, info),
    };
  }
  return { start, write, close: () => undefined };
}
