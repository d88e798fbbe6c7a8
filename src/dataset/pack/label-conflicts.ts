/** Exact copies of one picture under different labels. */
import type { SkippedPicture } from "../sources/source.ts";
import type { PictureTable } from "./picture-table.ts";

/**
 * Pictures with an exact copy under another label. All copies are dropped, since none of the labels
 * can be trusted.
 */
export function findLabelConflicts(pictures: PictureTable, hashes: readonly string[]): SkippedPicture[] {
  const firstLabel = new Map<string, string>();
  const conflicting = new Map<string, Set<string>>();
  for (let at = 0; at < pictures.length; at++) {
    const hash = hashes[at]!;
    const label = pictures.label(at);
    const first = firstLabel.get(hash) ?? label;
    firstLabel.set(hash, first);
    if (first !== label) conflicting.set(hash, (conflicting.get(hash) ?? new Set([first])).add(label));
  }
  if (conflicting.size === 0) return [];
  const conflicts: SkippedPicture[] = [];
  for (let at = 0; at < pictures.length; at++) {
    const labels = conflicting.get(hashes[at]!);
    if (labels === undefined) continue;
    const id = pictures.id(at);
    const reason = `the same picture under ${[...labels].map((label) => `'${label}'`).join(" and ")}`;
    conflicts.push({ id, label: pictures.label(at), code: "DATASET_LABEL_CONFLICT", reason });
  }
  return conflicts;
}
