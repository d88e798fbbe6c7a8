/** Canary routing by hash: a key always gets the same model, and a larger share keeps its keys. */
import { placeOfKey } from "../../base/place-of-key.ts";

/** True for `percent` of all keys. */
export function canaryTakes(key: string, percent: number): boolean {
  return placeOfKey(key) * 100 < percent;
}
