/** The classes that a dataset needs for training. */
import { AppError } from "../base/errors.ts";
import { classTooSmall } from "./split.ts";

/**
 * Refuses datasets that a classifier cannot be trained on.
 * Errors: DATASET_EMPTY, DATASET_ONE_CLASS; DATASET_CLASS_TOO_SMALL for a class with fewer than
 * `minimum` different pictures.
 */
export function requireClasses(counts: ReadonlyMap<string, number>, minimum: number, where: string): void {
  const [first, second] = counts.keys();
  if (first === undefined) {
    throw new AppError("DATASET_EMPTY", {
      required: "pictures of at least two classes",
      received: "no picture that can be used",
      where,
    });
  }
  if (second === undefined) {
    throw new AppError("DATASET_ONE_CLASS", {
      required: "pictures of at least two classes",
      received: `only '${first}', with ${counts.get(first)} pictures`,
      where,
      hint: "put the pictures of each class into a folder of its own: cat/, dog/",
    });
  }
  for (const [label, count] of counts) if (count < minimum) throw classTooSmall(label, count, minimum, where);
}
