/** A share of all keys, chosen by hash: the same on every machine, and a larger share keeps its keys. */
import { createHash } from "node:crypto";

/** From 0 to below 1: the first 32 bits of the key's SHA-256. */
export function placeOfKey(key: string): number {
  return createHash("sha256").update(key).digest().readUInt32BE(0) / 2 ** 32;
}
