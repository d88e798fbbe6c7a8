/** The classes that a dataset needs for training. */
import { AppError } from "../base/errors.ts";
import { describeRemark, hintFor, noneUsable } from "./describe-skipped.ts";
import type { SkippedPicture, SourceRemark } from "./sources/source.ts";
import { classTooSmall } from "./split.ts";

export interface ClassRequirement {
  /** Different pictures that each class needs. */
  readonly minimum: number;
  readonly where: string;
  /** What was passed over: part of the error where nothing, or one class, is left. */
  readonly skipped?: readonly SkippedPicture[];
  readonly remarks?: readonly SourceRemark[];
}

/**
 * Refuses datasets that a classifier cannot be trained on.
 * Errors: DATASET_EMPTY, DATASET_ONE_CLASS; DATASET_CLASS_TOO_SMALL for a class with fewer than
 * `minimum` different pictures.
 */
export function requireClasses(
  counts: ReadonlyMap<string, number>,
  { minimum, where, skipped = [], remarks = [] }: ClassRequirement,
): void {
  const [first, second] = counts.keys();
  if (first === undefined) throw noneUsable("pictures of at least two classes", { where, skipped, remarks });
  if (second === undefined) {
    const [remark] = remarks.filter(({ kind }) => kind !== "other-files");
    const beside = remark === undefined ? "" : `; ${describeRemark(remark)}`;
    throw new AppError("DATASET_ONE_CLASS", {
      required: "pictures of at least two classes",
      received: `only '${first}', with ${counts.get(first)} pictures${beside}`,
      where,
      hint: "put the pictures of each class into a folder of its own: cat/, dog/",
      ...hintFor(remark),
    });
  }
  for (const [label, count] of counts) if (count < minimum) throw classTooSmall(label, count, minimum, where);
}
