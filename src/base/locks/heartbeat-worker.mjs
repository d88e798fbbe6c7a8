// @ts-check
/**
 * The thread that keeps the times of lock files fresh. Plain JavaScript, so that Node starts it from
 * sources and from the build alike, without a loader.
 */
import { readFileSync, utimesSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

/** Each lock's path and content. */
const held = /** @type {Map<string, string>} */ (new Map());

parentPort?.on("message", (/** @type {{ path: string, text?: string }} */ { path, text }) => {
  if (text === undefined) held.delete(path);
  else held.set(path, text);
});

setInterval(() => {
  for (const [path, text] of held) {
    try {
      const now = new Date();
      // A lock that another process has taken over is left alone.
      if (readFileSync(path, "utf8") === text) utimesSync(path, now, now);
    } catch {
      // A lock that cannot be touched goes stale, and its holder finds out before it writes.
    }
  }
}, workerData.beatMs);
