/**
 * Measures a task's rate and formats it; progress bars and progress lines show the same text.
 */
import type { ProgressTask } from "../../base/progress.ts";
import { formatAmount, formatDuration, formatRate } from "../../base/quantity.ts";

/** The rate is a moving one, since training slows down and speeds up. */
const windowMs = 15_000;
const sampleEveryMs = 250;

export interface TaskMeter {
  advance(count: number, nowMs: number): void;
  /** Units finished so far. */
  readonly finished: () => number;
  /** 0..1; undefined where the total is not known. */
  readonly fraction: () => number | undefined;
  /** `40% (400/1000 images), 640 images/s, 1.5 s left`: what is known of it. */
  readonly describe: (nowMs: number) => string;
  /** `1000 images in 2.1 s, 476 images/s`. */
  readonly summarize: (nowMs: number) => string;
}

/** Measures one task from `startMs` on; times are milliseconds of any steady clock. */
export function createTaskMeter({ total, unit }: Pick<ProgressTask, "total" | "unit">, startMs: number): TaskMeter {
  let finished = 0;
  const samples: { atMs: number; finished: number }[] = [{ atMs: startMs, finished: 0 }];

  const ratePerSecond = (nowMs: number): number => {
    const from = samples[0]!;
    return nowMs > from.atMs ? ((finished - from.finished) * 1000) / (nowMs - from.atMs) : 0;
  };

  return {
    advance(count, nowMs) {
      finished += count;
      if (nowMs - samples.at(-1)!.atMs >= sampleEveryMs) samples.push({ atMs: nowMs, finished });
      // One sample before the window stays: a task that counts epochs moves once in minutes.
      while (samples.length > 2 && nowMs - samples[1]!.atMs > windowMs) samples.shift();
    },
    finished: () => finished,
    fraction: () => (total === undefined ? undefined : total === 0 ? 1 : Math.min(1, finished / total)),
    describe(nowMs) {
      const rate = ratePerSecond(nowMs);
      const parts: string[] = [];
      if (total === undefined) {
        parts.push(formatAmount(finished, unit));
      } else {
        const percent = total === 0 ? 100 : Math.floor(Math.min(1, finished / total) * 100);
        const done = unit === "B" ? formatAmount(finished, unit) : String(finished);
        parts.push(`${percent}% (${done}/${formatAmount(total, unit)})`);
      }
      if (rate > 0) parts.push(formatRate(rate, unit));
      if (rate > 0 && total !== undefined && finished < total) {
        parts.push(`${formatDuration(((total - finished) / rate) * 1000)} left`);
      }
      return parts.join(", ");
    },
    summarize(nowMs) {
      const tookMs = nowMs - startMs;
      const rate = tookMs > 0 ? `, ${formatRate((finished * 1000) / tookMs, unit)}` : "";
      return `${formatAmount(finished, unit)} in ${formatDuration(tookMs)}${rate}`;
    },
  };
}
