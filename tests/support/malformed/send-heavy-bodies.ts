/** Sends the largest bodies one after another, and reports those that hold the event loop. */
import { type HeavyBodyOptions, heavyBodies } from "./heavy-bodies.ts";
import { type LoopHolds, longestHoldMs } from "./loop-holds.ts";
import { sendRaw } from "./send-raw.ts";

export interface HeavyReport {
  readonly count: number;
  /** Milliseconds. */
  readonly longestHold: number;
  /** What must not happen, with the body that did it. */
  readonly faults: readonly string[];
}

const patienceMs = 60_000;

/** `port` is that of the process whose event loop is watched. */
export async function sendHeavyBodies(port: number, holds: LoopHolds, options: HeavyBodyOptions): Promise<HeavyReport> {
  const bodies = heavyBodies(options);
  const faults: string[] = [];
  let longestHold = 0;
  await holds.longestMs();
  for (const { kind, request } of bodies) {
    const { status, text } = await sendRaw(port, request(), patienceMs);
    // None of them is a picture; a machine that others use may take longer than the deadline.
    if (![400, 413, 504].includes(status)) faults.push(`${kind}: ${status} ${text.slice(0, 400)}`);
    const hold = await holds.longestMs();
    longestHold = Math.max(longestHold, hold);
    if (hold > longestHoldMs) faults.push(`${kind}: the event loop was held for ${hold} ms`);
  }
  return { count: bodies.length, longestHold, faults };
}
