/**
 * Rows of pixels in files of a fixed number of rows each: `GENERATION-00000.u8`,
 * `GENERATION-00001.u8`, ...
 */
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { AppError, isAppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { openRegularFile } from "../../base/files/regular-file.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import type { PackHeader } from "./pack-index.ts";
import { packInvalid } from "./pack-invalid.ts";
import type { PictureTable } from "./picture-table.ts";
import { type PixelStore, requireRows } from "./pixel-store.ts";

export function shardName(generation: string, shard: number): string {
  return `${generation}-${String(shard).padStart(5, "0")}.u8`;
}

/** The generation that a shard's or journal's name tells; undefined for other files. */
export function generationOf(name: string): string | undefined {
  return /^([0-9a-f]{8})(?:-\d{5,}\.u8|\.journal)$/.exec(name)?.[1];
}

/**
 * Opens the shards that hold the pictures' rows for reading. Each read is a call of the operating
 * system off the main thread; neighbouring rows are read in one. The set may be larger than memory:
 * what is in use lies in the system's file cache. Every row is held to its picture's checksum each
 * time it is read, which takes 2 microseconds for 12 KB.
 * Errors: PACK_INVALID where a shard is missing or too short; FILE_READ_FAILED.
 */
export async function openShards(folder: string, header: PackHeader, pictures: PictureTable): Promise<PixelStore> {
  const rowBytes = recipeSizeBytes(header.recipe);
  const { rowsPerShard, generation } = header;
  const rowCount = pictures.freeRow;
  const handles: FileHandle[] = [];
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await Promise.all(handles.map((handle) => handle.close()));
  };
  try {
    for (let shard = 0; shard * rowsPerShard < rowCount; shard++) {
      const path = join(folder, shardName(generation, shard));
      const handle = await openShard(path);
      handles.push(handle);
      const expected = Math.min(rowsPerShard, rowCount - shard * rowsPerShard) * rowBytes;
      const { size } = await handle.stat();
      if (size < expected) throw packInvalid(`a shard of at least ${expected} bytes`, `${size} bytes`, path);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const checksums = new Uint32Array(rowCount);
  for (let at = 0; at < pictures.length; at++) checksums[pictures.row(at)] = pictures.crc(at);

  async function readRun(first: number, count: number, into: Uint8Array): Promise<void> {
    const shard = Math.floor(first / rowsPerShard);
    const path = join(folder, shardName(generation, shard));
    const position = (first % rowsPerShard) * rowBytes;
    try {
      const { bytesRead } = await handles[shard]!.read(into, 0, into.length, position);
      if (bytesRead < into.length) throw packInvalid(`${count} rows at ${first}`, `${bytesRead} bytes of them`, path);
    } catch (error) {
      throw error instanceof AppError ? error : readFailure(path, error);
    }
    for (let at = 0; at < count; at++) {
      const row = first + at;
      if (crc32(into.subarray(at * rowBytes, (at + 1) * rowBytes)) === checksums[row]) continue;
      throw packInvalid(pixelsOf(row, pictures), "pixels with another checksum", `${path}, row ${row % rowsPerShard}`);
    }
  }

  return {
    rowBytes,
    rowCount,
    async read(rows, into) {
      requireRows(rows, into, { rowBytes, rowCount });
      const reads: Promise<void>[] = [];
      for (let at = 0; at < rows.length; ) {
        const first = rows[at]!;
        const roomInShard = rowsPerShard - (first % rowsPerShard);
        let count = 1;
        while (count < roomInShard && at + count < rows.length && rows[at + count] === first + count) count++;
        reads.push(readRun(first, count, into.subarray(at * rowBytes, (at + count) * rowBytes)));
        at += count;
      }
      await Promise.all(reads);
    },
    close,
  };
}

async function openShard(path: string): Promise<FileHandle> {
  return openRegularFile(path).catch((error: unknown) => {
    if (!isAppError(error, "FILE_NOT_FOUND")) throw error;
    throw packInvalid("every shard that the index names", "no file of this name", path);
  });
}

function pixelsOf(row: number, pictures: PictureTable): string {
  for (let at = 0; at < pictures.length; at++) {
    if (pictures.row(at) === row) return `the pixels that were packed of '${pictures.id(at)}'`;
  }
  return "a row that belongs to a picture";
}
