/** Long loops on this thread in parts, so that other work gets its turn in between. */
import { setImmediate } from "node:timers/promises";

/** Calls `work` for parts of 0 to `count`, each of at most `atOnce`, with a pause after each. */
export async function inTurns(
  count: number,
  atOnce: number,
  work: (start: number, end: number) => void,
): Promise<void> {
  const step = Math.max(1, Math.floor(atOnce));
  for (let start = 0; start < count; start += step) {
    if (start > 0) await setImmediate();
    work(start, Math.min(start + step, count));
  }
}
