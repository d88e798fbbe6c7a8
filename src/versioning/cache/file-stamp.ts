/** What tells a file that may have changed from one that did not, without reading it. */
import type { BigIntStats } from "node:fs";

/**
 * Inode, size and times in nanoseconds. The time of a change of the inode is left out where it has
 * several names: a further link changes it, and not the content.
 */
export function stampOf({ ino, size, mtimeNs, ctimeNs, nlink }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs} ${nlink > 1n ? "-" : ctimeNs}`;
}

/** Clocks of file systems tick every 10 ms or more often; some only every 2 s, in whole seconds. */
const tickNs = 50_000_000n;
const coarseTickNs = 2_000_000_000n;

/**
 * Whether a later write is sure to give the file another stamp: its last change is older than a tick
 * of the file system's clock. `nowMs` is the time when it was stamped.
 */
export function isSettled({ mtimeNs, ctimeNs }: BigIntStats, nowMs: number): boolean {
  const latest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  const tick = latest % 1_000_000_000n === 0n ? coarseTickNs : tickNs;
  return BigInt(Math.floor(nowMs)) * 1_000_000n - latest > tick;
}
