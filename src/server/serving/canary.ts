/**
 * Which requests a canary answers: the same key always gets the same side, and raising the share
 * moves keys in one direction only.
 */
import { createHash } from "node:crypto";

/** True for `percent` of all keys. A key's place on the scale is 32 bits of its SHA-256. */
export function canaryTakes(key: string, percent: number): boolean {
  const place = createHash("sha256").update(key).digest().readUInt32BE(0) / 2 ** 32;
  return place * 100 < percent;
}
