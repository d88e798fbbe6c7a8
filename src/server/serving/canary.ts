/** Canary routing by hash: a key always gets the same model, and a larger share keeps its keys. */
import { createHash } from "node:crypto";

/** True for `percent` of all keys. A key's place from 0 to 1 is 32 bits of its SHA-256. */
export function canaryTakes(key: string, percent: number): boolean {
  const place = createHash("sha256").update(key).digest().readUInt32BE(0) / 2 ** 32;
  return place * 100 < percent;
}
