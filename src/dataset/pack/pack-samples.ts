/** Decodes a source's pictures side by side and writes their rows. */
import { crc32 } from "node:zlib";
import { AppError, type ErrorCode } from "../../base/errors.ts";
import { sha256 } from "../../base/hash.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { applyRecipe, applyRecipeToPixels } from "../../image/apply-recipe.ts";
import { forEachInParallel } from "../../image/in-parallel.ts";
import { fingerprintOf } from "../../image/perceptual-hash.ts";
import { reasonOf } from "../../image/picture-error.ts";
import type { Recipe } from "../../image/recipe.ts";
import { type Sample, type SkippedPicture, type Source, sizeOfSample } from "../sources/source.ts";
import type { PictureTable } from "./picture-table.ts";
import type { RowWriter } from "./row-writer.ts";

export interface PackSamplesOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly strict?: boolean;
  readonly concurrency?: number;
}

export interface PackedSamples {
  readonly skipped: readonly SkippedPicture[];
  /** How many were taken over from an earlier build. */
  readonly keptCount: number;
  /** How many of those decoded now have no value above `darkest`. */
  readonly darkCount: number;
}

/** Values of 12 bits in a file of 16 end here, since the lower eight bits are dropped. */
const darkest = 15;

/** Faults of one picture; anything else ends the work. */
const pictureFaults: ReadonlySet<ErrorCode> = new Set([
  "IMAGE_UNREADABLE",
  "IMAGE_SIZE",
  "FILE_NOT_FOUND",
  "FILE_READ_FAILED",
]);

/** Whether an error is the fault of one picture, which can be skipped. */
export function isPictureFault(error: unknown): error is AppError {
  return error instanceof AppError && pictureFaults.has(error.code);
}

/**
 * Reads, hashes, decodes, resizes and writes every listed picture that the writer does not have
 * yet; afterwards the table holds where each is, and those that cannot be used are gone from it.
 * The source is gone through once more, so that what it needs to read a picture is held for no
 * longer than that takes.
 * Errors: INTERRUPTED, FILE_WRITE_FAILED, those that end the work on a source; SOURCE_CHANGED where
 * it lists other pictures than before; with `strict` the error of the first picture that cannot be
 * used.
 */
export async function packSamples(
  source: Source,
  table: PictureTable,
  recipe: Recipe,
  writer: RowWriter,
  { progress = silentProgress, signal, strict = false, concurrency }: PackSamplesOptions,
): Promise<PackedSamples> {
  let keptCount = 0;
  for (let at = 0; at < table.length; at++) {
    const kept = writer.kept(table.id(at), table.stamp(at));
    if (kept === undefined) continue;
    table.store(at, kept);
    keptCount++;
  }
  const total = table.length - keptCount;
  if (total === 0) return { skipped: [], keptCount, darkCount: 0 };
  const faults = new Map<number, SkippedPicture>();
  let darkCount = 0;
  let rowCount = writer.freeRow;
  const task = progress.start({ label: "decode", total, unit: "pictures" });

  async function* missing(): AsyncGenerator<{ sample: Sample; at: number; row: number }> {
    let at = 0;
    for await (const sample of source.samples()) {
      const isExpected = at < table.length && table.id(at) === sample.id && table.stamp(at) === sample.stamp;
      if (!isExpected) throw listingChanged(sample, source);
      if (!table.isStored(at)) yield { sample, at, row: rowCount++ };
      at++;
    }
  }
  try {
    await forEachInParallel(
      missing(),
      async ({ sample, at, row }) => {
        try {
          const { id, label, split, stamp } = sample;
          const { pixels, hash } = await decode(sample, recipe);
          if (!pixels.some((value) => value > darkest)) darkCount++;
          const fingerprint = fingerprintOf({ ...recipe, pixels });
          const facts = { id, label, stamp, row, hash, crc: crc32(pixels) };
          const picture = { ...facts, ...(split && { split }), ...(fingerprint && { fingerprint }) };
          await writer.write(picture, pixels);
          table.store(at, picture);
        } catch (error) {
          if (strict || !isPictureFault(error)) throw error;
          const { id, label } = sample;
          faults.set(at, { id, label, code: error.code, reason: reasonOf(error) });
        }
        task.advance();
      },
      { signal, sizeOf: ({ sample }) => sizeOfSample(sample), ...(concurrency !== undefined && { concurrency }) },
    );
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done(faults.size > 0 ? `${faults.size} skipped` : undefined);
  table.dropUnstored();
  return {
    skipped: [...faults.keys()].sort((a, b) => a - b).map((at) => faults.get(at)!),
    keptCount,
    darkCount,
  };
}

async function decode(sample: Sample, recipe: Recipe): Promise<{ pixels: Uint8Array; hash: string }> {
  if ("bytes" in sample) {
    const bytes = await sample.bytes();
    return { pixels: await applyRecipe(bytes, recipe, sample.id), hash: sha256(bytes) };
  }
  const { image } = sample;
  return { pixels: await applyRecipeToPixels(image, recipe, sample.id), hash: sha256(image.pixels) };
}

function listingChanged({ id }: Sample, { location }: Source): AppError {
  return new AppError("SOURCE_CHANGED", {
    required: "pictures that stay as they are while they are being read",
    received: `another picture in the place of the one listed before: '${id}'`,
    where: location,
    hint: "run it again when nothing writes there",
  });
}
