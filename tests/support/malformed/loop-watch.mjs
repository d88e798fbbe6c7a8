// @ts-check
/**
 * Loaded into a service's process before anything else (`loop-holds.ts`): writes down how long its
 * event loop was held, a line of milliseconds for each time. What counts is the time that the main
 * thread worked, not the time that went by: other processes may have had the cores.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const file = process.env.LOOP_WATCH_FILE;
const everyMs = 5;
const leastMs = 10;

/** Milliseconds that this thread has worked; where the system does not tell, those that went by. */
function workedMs() {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

if (isMainThread && file !== undefined) {
  let last = workedMs();
  setInterval(() => {
    const now = workedMs();
    if (now - last > leastMs) appendFileSync(file, `${(now - last).toFixed(1)}\n`);
    last = now;
  }, everyMs).unref();
}
