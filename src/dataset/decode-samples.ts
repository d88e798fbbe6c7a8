/** Decodes a source's pictures side by side into one block of pixels. */
import { AppError, type ErrorCode, formatBytes, type Progress, sha256, silentProgress } from "../base/index.ts";
import { applyRecipe, applyRecipeToPixels, forEachInParallel, type Recipe, recipeSizeBytes } from "../image/index.ts";
import type { Sample, SkippedPicture } from "./sources/source.ts";

export interface DecodeSamplesOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly strict?: boolean;
  readonly concurrency?: number;
}

export interface DecodedSamples {
  /** uint8 `[samples, height, width, channels]`; the rows of skipped samples hold nothing. */
  readonly pixels: Uint8Array;
  /** SHA-256 by sample; undefined where it was skipped. */
  readonly hashes: readonly (string | undefined)[];
  /** In the order of the samples. */
  readonly skipped: readonly SkippedPicture[];
}

/** Faults of one picture; anything else ends the work. */
const pictureFaults: ReadonlySet<ErrorCode> = new Set([
  "IMAGE_UNREADABLE",
  "IMAGE_SIZE",
  "FILE_NOT_FOUND",
  "FILE_READ_FAILED",
]);

/**
 * Reads, hashes, decodes and resizes every sample.
 * Errors: DATASET_TOO_LARGE, INTERRUPTED; with `strict` the error of the first picture that cannot be used.
 */
export async function decodeSamples(
  samples: readonly Sample[],
  recipe: Recipe,
  { progress = silentProgress, signal, strict = false, concurrency }: DecodeSamplesOptions,
): Promise<DecodedSamples> {
  const rowBytes = recipeSizeBytes(recipe);
  const pixels = allocate(samples.length, recipe);
  const hashes = new Array<string | undefined>(samples.length).fill(undefined);
  const faults = new Map<number, SkippedPicture>();
  const task = progress.start({ label: "decode", total: samples.length, unit: "pictures" });
  try {
    await forEachInParallel(
      samples,
      async (sample, at) => {
        try {
          const picture = await decode(sample, recipe);
          pixels.set(picture.pixels, at * rowBytes);
          hashes[at] = picture.hash;
        } catch (error) {
          if (strict || !(error instanceof AppError) || !pictureFaults.has(error.code)) throw error;
          faults.set(at, { id: sample.id, code: error.code, reason: `${error.required}; got ${error.received}` });
        }
        task.advance();
      },
      { signal, ...(concurrency !== undefined && { concurrency }) },
    );
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done(faults.size > 0 ? `${faults.size} skipped` : undefined);
  const skipped = [...faults.keys()].sort((a, b) => a - b).map((at) => faults.get(at)!);
  return { pixels, hashes, skipped };
}

/** Moves the rows at `keptAt` (ascending) together at the block's beginning, in place, and gives that part of it. */
export function closeGaps(pixels: Uint8Array, keptAt: readonly number[], rowBytes: number): Uint8Array {
  keptAt.forEach((at, row) => {
    if (at !== row) pixels.copyWithin(row * rowBytes, at * rowBytes, (at + 1) * rowBytes);
  });
  return pixels.subarray(0, keptAt.length * rowBytes);
}

async function decode(sample: Sample, recipe: Recipe): Promise<{ pixels: Uint8Array; hash: string }> {
  if ("image" in sample) {
    return { pixels: await applyRecipeToPixels(sample.image, recipe, sample.id), hash: sha256(sample.image.pixels) };
  }
  const bytes = await sample.bytes();
  return { pixels: await applyRecipe(bytes, recipe, sample.id), hash: sha256(bytes) };
}

function allocate(count: number, recipe: Recipe): Uint8Array {
  const sizeBytes = count * recipeSizeBytes(recipe);
  try {
    return new Uint8Array(sizeBytes);
  } catch (error) {
    throw new AppError("DATASET_TOO_LARGE", {
      required: "the pictures fit into one block of memory at the recipe's size",
      received: `${count} pictures of ${recipe.width} x ${recipe.height}: ${formatBytes(sizeBytes)}`,
      hint: "choose a smaller width and height",
      cause: error,
    });
  }
}
