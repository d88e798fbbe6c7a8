/** How long the event loop of a process was held by one piece of work. */
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

/**
 * No request may hold it for longer, since others wait for as long: 50 ms, and half of that for
 * processors that others share, code that runs for the first time, and the watch's own 5 ms.
 */
export const longestHoldMs = 75;

export interface LoopHolds {
  /** Of the process that is watched: it goes with its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds of the longest hold since it was asked last; 0 for none that matters. */
  longestMs(): Promise<number>;
}

/** `file` belongs to the watch. */
export function watchLoop(file: string): LoopHolds {
  let seen = 0;
  return {
    environment: {
      NODE_OPTIONS: `--import ${new URL("./loop-watch.mjs", import.meta.url).href}`,
      LOOP_WATCH_FILE: file,
    },
    async longestMs() {
      // The watch writes a hold down when it is over.
      await pause(20);
      const lines = (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
      const fresh = lines.slice(seen).map(Number);
      seen = lines.length;
      return Math.max(0, ...fresh);
    },
  };
}
