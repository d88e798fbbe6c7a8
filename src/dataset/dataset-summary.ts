/** Counts of a dataset: pictures by class and split, duplicates, skipped pictures. */
import { countBy } from "../base/count-by.ts";
import { namedSkipped } from "./describe-skipped.ts";
import { type SkippedPicture, type Split, splits } from "./sources/source.ts";

export interface ClassSummary extends Readonly<Record<Split, number>> {
  readonly label: string;
}

export interface DatasetSummary {
  readonly pictures: number;
  readonly hash: string;
  readonly classes: readonly ClassSummary[];
  /** Pictures that are exact copies of one before them; they are kept, on the same side. */
  readonly duplicates: number;
  /**
   * Different pictures that stand in more than one split, which only splits given by the source can
   * do.
   */
  readonly duplicatesAcrossSplits: number;
  readonly skipped: number;
  readonly skippedByCode: Readonly<Record<string, number>>;
  /** The first ten. */
  readonly skippedFirst: readonly SkippedPicture[];
}

/** What a summary is made of; a pack has all of it. */
export interface Inspected {
  readonly labels: readonly string[];
  readonly targets: Int32Array;
  readonly splits: Uint8Array;
  readonly hashes: readonly string[];
  readonly skipped: readonly SkippedPicture[];
  readonly hash: string;
}

/** Counts classes, splits, copies and faults. */
export function summarize({ labels, targets, splits: sides, hashes, skipped, hash }: Inspected): DatasetSummary {
  const rows = labels.map((label) => ({ label, train: 0, val: 0, test: 0 }));
  const sidesOf = new Map<string, Set<number>>();
  hashes.forEach((picture, at) => {
    rows[targets[at]!]![splits[sides[at]!]!]++;
    const seen = sidesOf.get(picture);
    if (seen === undefined) sidesOf.set(picture, new Set([sides[at]!]));
    else seen.add(sides[at]!);
  });
  return {
    pictures: hashes.length,
    hash,
    classes: rows,
    duplicates: hashes.length - sidesOf.size,
    duplicatesAcrossSplits: [...sidesOf.values()].filter((seen) => seen.size > 1).length,
    skipped: skipped.length,
    skippedByCode: Object.fromEntries(countBy(skipped, ({ code }) => code)),
    skippedFirst: skipped.slice(0, namedSkipped),
  };
}
