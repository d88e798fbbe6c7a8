/** A few pictures of one split of a source, spread over its classes and packed as for training. */

import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { sha256 } from "../../base/hash.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import type { SplitOptions } from "../../dataset/pack/pack.ts";
import type { Sample, SkippedPicture, Source, Split } from "../../dataset/sources/source.ts";
import { defaultSalt, planSplits, positionOf, splitAt } from "../../dataset/split.ts";
import { applyRecipe, applyRecipeToPixels } from "../../image/apply-recipe.ts";
import type { Recipe } from "../../image/recipe.ts";

export interface PreviewSource {
  readonly id: string;
  readonly label: string;
  /** uint8 `[height, width, channels]` of the recipe. */
  readonly pixels: Uint8Array;
}

export interface PreviewPictures {
  /** The first picture of each class, then the second of each, and so on. */
  readonly packed: readonly PreviewSource[];
  /** Pictures that cannot be used. */
  readonly skipped: readonly SkippedPicture[];
}

/**
 * The first pictures of each class in the split, about `total` in all; no more are read than
 * needed.
 * Errors: DATASET_EMPTY where there is none; INTERRUPTED; those of the source.
 */
export async function packPreviewPictures(
  source: Source,
  recipe: Recipe,
  total: number,
  options: {
    readonly split?: Split;
    /** The split options of the training. */
    readonly splitting?: SplitOptions;
    readonly signal?: AbortSignal;
    readonly progress?: Progress;
  },
): Promise<PreviewPictures> {
  const { split = "train", splitting = {}, signal, progress = silentProgress } = options;
  const { proportions, fold, salt = defaultSalt } = splitting;
  const given = new Set<Split>();
  const labels = new Set<string>();
  for await (const sample of source.samples()) {
    labels.add(sample.label);
    if (sample.split) given.add(sample.split);
  }
  const plan = planSplits(given, proportions, fold);
  const perClass = Math.ceil(total / labels.size);
  const counts = new Map<string, number>();
  const packed: PreviewSource[] = [];
  const skipped: SkippedPicture[] = [];
  const task = progress.start({ label: "decode", total: perClass * labels.size, unit: "pictures" });
  try {
    for await (const sample of source.samples()) {
      throwIfCancelled(signal);
      const taken = counts.get(sample.label) ?? 0;
      if (taken >= perClass || !mayBeIn(split, sample)) continue;
      const pixels = await packIfIn(sample, recipe, (hash) => splitAt(positionOf(hash, salt), plan) === split).catch(
        (error: unknown) => {
          skipped.push(faultOf(sample, error));
        },
      );
      if (!pixels) continue;
      packed.push({ id: sample.id, label: sample.label, pixels });
      counts.set(sample.label, taken + 1);
      task.advance();
    }
    if (packed.length === 0) throw nothingToShow(source, split, skipped.length);
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done();
  return { packed: classesInTurn(packed), skipped };
}

/** The fault of a picture that cannot be used; other errors are rethrown. */
function faultOf({ id }: Sample, error: unknown): SkippedPicture {
  if (!isAppError(error, "IMAGE_UNREADABLE") && !isAppError(error, "IMAGE_SIZE")) throw error;
  return { id, code: error.code, reason: error.message };
}

function nothingToShow(source: Source, split: Split, faults: number): AppError {
  return new AppError("DATASET_EMPTY", {
    required: `a picture of the ${split} split that can be used`,
    received: faults > 0 ? `${faults} that cannot` : "none",
    where: source.location,
  });
}

/** False where the source gives another split; its train split may still be cut by hash. */
function mayBeIn(split: Split, { split: given }: Sample): boolean {
  return given === undefined || given === split || given === "train";
}

/**
 * The picture under the recipe, or undefined where its hash puts it into another split. What
 * packing does with near-duplicates and very small classes needs all pictures, and is left out.
 */
async function packIfIn(
  sample: Sample,
  recipe: Recipe,
  isIn: (hash: string) => boolean,
): Promise<Uint8Array | undefined> {
  const bytes = "image" in sample ? sample.image.pixels : await sample.bytes();
  const isCut = sample.split === undefined || sample.split === "train";
  if (isCut && !isIn(sha256(bytes))) return undefined;
  return "image" in sample
    ? await applyRecipeToPixels(sample.image, recipe, sample.id)
    : await applyRecipe(bytes, recipe, sample.id);
}

function classesInTurn(pictures: readonly PreviewSource[]): readonly PreviewSource[] {
  const seen = new Map<string, number>();
  const rounds = pictures.map(({ label }) => {
    const round = seen.get(label) ?? 0;
    seen.set(label, round + 1);
    return round;
  });
  return pictures
    .map((picture, at) => ({ picture, round: rounds[at]! }))
    .toSorted((a, b) => a.round - b.round)
    .map(({ picture }) => picture);
}
