/** Says what a dataset holds and what is wrong with it. */
import { AppError } from "../base/errors.ts";
import { type SkippedPicture, type Split, splits } from "./sources/source.ts";
import { classTooSmall } from "./split.ts";

/** As many names are shown before "and N more". */
const shownNames = 10;

/**
 * Refuses sets that nothing can be learnt from.
 * Errors: DATASET_EMPTY, DATASET_ONE_CLASS, DATASET_CLASS_TOO_SMALL for a class with fewer than
 * `minimum` different pictures.
 */
export function requireClasses(counts: ReadonlyMap<string, number>, minimum: number, where: string): void {
  const [first, second] = counts.keys();
  if (first === undefined) {
    throw new AppError("DATASET_EMPTY", {
      required: "a dataset has pictures of at least two classes",
      received: "no picture that can be used",
      where,
    });
  }
  if (second === undefined) {
    throw new AppError("DATASET_ONE_CLASS", {
      required: "a dataset has pictures of at least two classes",
      received: `only '${first}', with ${counts.get(first)} pictures`,
      where,
      hint: "put the pictures of each class into a folder of its own: cat/, dog/",
    });
  }
  for (const [label, count] of counts) if (count < minimum) throw classTooSmall(label, count, minimum, where);
}

/** How many of `items` there are of each key, in the order of their first appearance. */
export function countBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, number> {
  const counts = new Map<K, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

/**
 * Class names in the order of their indices: by number where all are numbers, else by code units.
 */
export function sortLabels(labels: Iterable<string>): string[] {
  const names = [...new Set(labels)].sort((a, b) => (a < b ? -1 : 1));
  const areNumbers = names.every((name) => /^\d+$/.test(name));
  return areNumbers ? names.sort((a, b) => Number(a) - Number(b)) : names;
}

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
    skippedFirst: skipped.slice(0, shownNames),
  };
}

/**
 * Lines that name and count the pictures that were skipped, for a warning; none where there were
 * none.
 */
export function describeSkipped(skipped: readonly SkippedPicture[], total: number): string[] {
  if (skipped.length === 0) return [];
  const lines = skipped
    .slice(0, shownNames)
    .map(({ id, code, reason }) => `  ${JSON.stringify(id)}: ${reason} [${code}]`);
  const more = skipped.length - shownNames;
  return [
    `${skipped.length} of ${total} pictures were skipped:`,
    ...lines,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
