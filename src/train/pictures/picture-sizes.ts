/** Sizes of pictures before the recipe resizes them. */
import { type Progress, silentProgress } from "../../base/progress.ts";
import { isPictureFault } from "../../dataset/pack/pack-samples.ts";
import { openSource } from "../../dataset/sources/open-source.ts";
import { type Sample, type Source, sizeOfSample } from "../../dataset/sources/source.ts";
import type { SourceOptions } from "../../dataset/sources/source-options.ts";
import { withPicture } from "../../image/decode.ts";
import { declaredSize } from "../../image/format.ts";
import { forEachInParallel } from "../../image/in-parallel.ts";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

interface ReadSizesOptions {
  readonly reading?: SourceOptions | undefined;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The shorter sides in pixels of the pictures with these ids, from the headers of their files;
 * `undefined` where a header has none. Errors: those of `openSource`; SOURCE_CHANGED, INTERRUPTED.
 */
export async function readShorterSides(
  data: string,
  ids: readonly string[],
  options: ReadSizesOptions,
): Promise<readonly (number | undefined)[]> {
  const sizes = await readPictureSizes(data, ids, options);
  return sizes.map((size) => size && Math.min(size.width, size.height));
}

/** Width and height in the same way. */
export async function readPictureSizes(
  data: string,
  ids: readonly string[],
  { reading, progress, signal }: ReadSizesOptions,
): Promise<readonly (PictureSize | undefined)[]> {
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  const sizes = new Array<PictureSize | undefined>(ids.length).fill(undefined);
  const source = await openSource(data, reading);
  const task = progress.start({ label: "sizes", total: ids.length, unit: "pictures" });

  async function* wanted(): AsyncGenerator<Sample> {
    for await (const sample of source.samples()) if (rowOf.has(sample.id)) yield sample;
  }
  try {
    await forEachInParallel(
      wanted(),
      async (sample) => {
        sizes[rowOf.get(sample.id)!] = await sizeOf(sample);
        task.advance();
      },
      { signal, sizeOf: sizeOfSample },
    );
  } catch (error) {
    task.fail();
    throw error;
  } finally {
    await source.close();
  }
  task.done();
  return sizes;
}

/** Enough for a median that is near that of the whole set. */
const sampledPictures = 200;

/**
 * The shorter sides in pixels of at most 200 pictures that are spread evenly over a source, the
 * smallest first, from the headers of their files. Pictures that cannot be read are left out.
 * Errors: SOURCE_CHANGED, INTERRUPTED, and what else ends the work on a source.
 */
export async function sampleShorterSides(
  source: Source,
  {
    progress = silentProgress,
    signal,
  }: { readonly progress?: Progress; readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly number[]> {
  let count = 0;
  for await (const _sample of source.samples()) count++;
  const distance = Math.max(1, count / sampledPictures);
  const task = progress.start({ label: "sizes", total: Math.min(count, sampledPictures), unit: "pictures" });

  async function* spread(): AsyncGenerator<Sample> {
    let at = 0;
    let next = 0;
    for await (const sample of source.samples()) {
      if (at++ < next) continue;
      next += distance;
      yield sample;
    }
  }
  const sides: number[] = [];
  const look = async (sample: Sample): Promise<void> => {
    try {
      const side = await shorterSide(sample);
      if (side !== undefined) sides.push(side);
    } catch (error) {
      if (!isPictureFault(error)) throw error;
    }
    task.advance();
  };
  try {
    await forEachInParallel(spread(), look, { signal, sizeOf: sizeOfSample });
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done();
  return sides.sort((a, b) => a - b);
}

async function shorterSide(sample: Sample): Promise<number | undefined> {
  const size = await sizeOf(sample);
  return size && Math.min(size.width, size.height);
}

async function sizeOf(sample: Sample): Promise<PictureSize | undefined> {
  if ("image" in sample) return sample.image;
  const bytes = await sample.bytes();
  return (
    declaredSize(bytes) ??
    // Unreadable pictures were skipped when they were decoded.
    (await withPicture(bytes, { where: sample.id }, ({ stored }) => stored()).catch(() => undefined))
  );
}
