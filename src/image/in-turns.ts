/** Long work on this thread: in parts with pauses for other work, and one piece after another. */
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

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs work of this thread one after another: side by side it would be no faster, and would hold
 * the memory of all.
 */
export function oneByOne<T>(work: () => Promise<T>): Promise<T> {
  const done = last.then(work);
  last = done.catch(() => undefined);
  return done;
}
