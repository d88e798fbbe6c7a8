/** Sizes of pictures before the recipe resizes them. */
import type { Progress } from "../../base/progress.ts";
import { openSource } from "../../dataset/sources/open-source.ts";
import type { Sample } from "../../dataset/sources/source.ts";
import type { SourceOptions } from "../../dataset/sources/source-options.ts";
import { withPicture } from "../../image/decode.ts";
import { declaredSize } from "../../image/format.ts";
import { forEachInParallel } from "../../image/in-parallel.ts";

/**
 * The shorter sides in pixels of the pictures with these ids, from the headers of their files;
 * `undefined` where a header has none. Errors: those of `openSource`; SOURCE_CHANGED, INTERRUPTED.
 */
export async function readShorterSides(
  data: string,
  ids: readonly string[],
  {
    reading,
    progress,
    signal,
  }: {
    readonly reading?: SourceOptions | undefined;
    readonly progress: Progress;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<readonly (number | undefined)[]> {
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  const sides = new Array<number | undefined>(ids.length).fill(undefined);
  const source = await openSource(data, reading);
  const task = progress.start({ label: "sizes", total: ids.length, unit: "pictures" });

  async function* wanted(): AsyncGenerator<Sample> {
    for await (const sample of source.samples()) if (rowOf.has(sample.id)) yield sample;
  }
  try {
    await forEachInParallel(
      wanted(),
      async (sample) => {
        sides[rowOf.get(sample.id)!] = await shorterSide(sample);
        task.advance();
      },
      { signal },
    );
  } catch (error) {
    task.fail();
    throw error;
  } finally {
    await source.close();
  }
  task.done();
  return sides;
}

async function shorterSide(sample: Sample): Promise<number | undefined> {
  if ("image" in sample) return Math.min(sample.image.width, sample.image.height);
  const bytes = await sample.bytes();
  const size =
    declaredSize(bytes) ??
    // Unreadable pictures were skipped when they were decoded.
    (await withPicture(bytes, { where: sample.id }, ({ stored }) => stored()).catch(() => undefined));
  return size && Math.min(size.width, size.height);
}
