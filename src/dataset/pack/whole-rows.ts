/** Which rows of an earlier build are intact. */
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { openRegularFile } from "../../base/files/regular-file.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import type { PackHeader } from "./pack-index.ts";
import { PictureTable } from "./picture-table.ts";
import { shardName } from "./shards.ts";

/** So much is read at once. */
const chunkBytes = 2 ** 20;

/** Smaller packs are read in a moment. */
const toldBytes = 2 ** 30;

export interface WholeRowsOptions {
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Those of the pictures whose row is there with the right checksum; a shard may be missing or cut
 * off. Reads all of their pixels; progress is told where that takes more than a moment.
 * Errors: INTERRUPTED, FILE_READ_FAILED.
 */
export async function wholeRows(
  folder: string,
  header: PackHeader,
  pictures: PictureTable,
  { progress = silentProgress, signal }: WholeRowsOptions = {},
): Promise<PictureTable> {
  const total = pictures.length;
  const isTold = total * recipeSizeBytes(header.recipe) >= toldBytes;
  const task = (isTold ? progress : silentProgress).start({ label: "verify the pack", total, unit: "pictures" });
  const whole = new PictureTable(total);
  try {
    const isWhole = await checkRows(folder, header, pictures, (count) => {
      throwIfCancelled(signal);
      task.advance(count);
    });
    for (let at = 0; at < total; at++) if (isWhole[at] === 1) whole.add(pictures.get(at));
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done();
  return whole;
}

/** 1 for each picture whose row is intact; `advance` is called for every chunk, and may throw. */
async function checkRows(
  folder: string,
  { rowsPerShard, generation, recipe }: PackHeader,
  pictures: PictureTable,
  advance: (count: number) => void,
): Promise<Uint8Array> {
  const rowBytes = recipeSizeBytes(recipe);
  const rowsAtOnce = Math.max(1, Math.floor(chunkBytes / rowBytes));
  const buffer = new Uint8Array(rowsAtOnce * rowBytes);
  const order = Uint32Array.from({ length: pictures.length }, (_, at) => at);
  order.sort((a, b) => pictures.row(a) - pictures.row(b));
  const isWhole = new Uint8Array(pictures.length);
  let shard = -1;
  let handle: FileHandle | undefined;
  let path = "";
  try {
    for (let next = 0; next < order.length; ) {
      const started = next;
      const first = pictures.row(order[next]!);
      const wanted = Math.floor(first / rowsPerShard);
      if (wanted !== shard) {
        await handle?.close();
        handle = undefined;
        shard = wanted;
        path = join(folder, shardName(generation, shard));
        handle = await openRegularFile(path).catch(() => undefined);
      }
      const end = Math.min(first + rowsAtOnce, (shard + 1) * rowsPerShard);
      const position = (first % rowsPerShard) * rowBytes;
      const { bytesRead } = (await handle?.read(buffer, 0, (end - first) * rowBytes, position)) ?? { bytesRead: 0 };
      for (; next < order.length && pictures.row(order[next]!) < end; next++) {
        const at = order[next]!;
        const rowEnd = (pictures.row(at) - first + 1) * rowBytes;
        const pixels = buffer.subarray(rowEnd - rowBytes, rowEnd);
        isWhole[at] = Number(rowEnd <= bytesRead && crc32(pixels) === pictures.crc(at));
      }
      advance(next - started);
    }
    return isWhole;
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(path, error);
  } finally {
    await handle?.close();
  }
}
