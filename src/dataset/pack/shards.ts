/**
 * Rows of pixels in files of a fixed number of rows each: `GENERATION-00000.u8`,
 * `GENERATION-00001.u8`, ...
 */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { AppError } from "../../base/errors.ts";
import { readFailure, writeFailure } from "../../base/files/file-failure.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import { type PackHeader, packInvalid } from "./pack-index.ts";
import { PictureTable } from "./picture-table.ts";
import { type PixelStore, requireRows } from "./pixel-store.ts";

function shardName(generation: string, shard: number): string {
  return `${generation}-${String(shard).padStart(5, "0")}.u8`;
}

/** The generation that a shard's or journal's name tells; undefined for other files. */
export function generationOf(name: string): string | undefined {
  return /^([0-9a-f]{8})(?:-\d{5,}\.u8|\.journal)$/.exec(name)?.[1];
}

/** Writes rows at their places; files grow as they are needed. */
export class ShardWriter {
  readonly #folder: string;
  readonly #header: PackHeader;
  readonly #rowBytes: number;
  readonly #handles = new Map<number, Promise<FileHandle>>();
  readonly #unsynced = new Set<number>();

  constructor(folder: string, header: PackHeader) {
    this.#folder = folder;
    this.#header = header;
    this.#rowBytes = recipeSizeBytes(header.recipe);
  }

  /** Errors: FILE_WRITE_FAILED. */
  async write(row: number, pixels: Uint8Array): Promise<void> {
    const shard = Math.floor(row / this.#header.rowsPerShard);
    const position = (row % this.#header.rowsPerShard) * this.#rowBytes;
    await this.#attempt(shard, async (handle) => {
      const { bytesWritten } = await handle.write(pixels, 0, this.#rowBytes, position);
      if (bytesWritten !== this.#rowBytes) throw new Error(`${bytesWritten} of ${this.#rowBytes} bytes were written`);
    });
    this.#unsynced.add(shard);
  }

  /** Flushes what was written before the call to the disk. */
  async sync(): Promise<void> {
    const shards = [...this.#unsynced];
    this.#unsynced.clear();
    await Promise.all(shards.map((shard) => this.#attempt(shard, (handle) => handle.datasync())));
  }

  async close(): Promise<void> {
    for (const opening of this.#handles.values()) {
      const handle = await opening.catch(() => undefined);
      await handle?.close();
    }
    this.#handles.clear();
  }

  async #attempt(shard: number, call: (handle: FileHandle) => Promise<void>): Promise<void> {
    const path = join(this.#folder, shardName(this.#header.generation, shard));
    try {
      let opening = this.#handles.get(shard);
      if (opening === undefined) {
        // "r+" fails for a file that is not there, "w+" would empty one that is.
        opening = open(path, "r+").catch(() => open(path, "wx+"));
        this.#handles.set(shard, opening);
      }
      await call(await opening);
    } catch (error) {
      throw writeFailure(path, error);
    }
  }
}

/**
 * Opens the shards that hold `rowCount` rows for reading. Each read is a call of the operating
 * system off the main thread; neighbouring rows are read in one. The set may be larger than memory:
 * what is in use lies in the system's file cache.
 * Errors: PACK_INVALID where a shard is missing or too short; FILE_READ_FAILED.
 */
export async function openShards(folder: string, header: PackHeader, rowCount: number): Promise<PixelStore> {
  const rowBytes = recipeSizeBytes(header.recipe);
  const { rowsPerShard, generation } = header;
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
      const handle = await open(path).catch((error: unknown) => {
        throw packInvalid("every shard that the index names", `none of this name: ${String(error)}`, path);
      });
      handles.push(handle);
      const expected = Math.min(rowsPerShard, rowCount - shard * rowsPerShard) * rowBytes;
      const { size } = await handle.stat();
      if (size < expected) throw packInvalid(`a shard of at least ${expected} bytes`, `${size} bytes`, path);
    }
  } catch (error) {
    await close();
    throw error;
  }

  async function readRun(row: number, count: number, into: Uint8Array, offset: number): Promise<void> {
    const shard = Math.floor(row / rowsPerShard);
    const path = join(folder, shardName(generation, shard));
    const position = (row % rowsPerShard) * rowBytes;
    try {
      const { bytesRead } = await handles[shard]!.read(into, offset, count * rowBytes, position);
      if (bytesRead < count * rowBytes)
        throw packInvalid(`${count} rows at ${row}`, `${bytesRead} bytes of them`, path);
    } catch (error) {
      throw error instanceof AppError ? error : readFailure(path, error);
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
        reads.push(readRun(first, count, into, at * rowBytes));
        at += count;
      }
      await Promise.all(reads);
    },
    close,
  };
}

/**
 * Those of the pictures whose row is there with the right checksum; a shard may be missing or cut
 * off.
 */
export async function wholeRows(folder: string, header: PackHeader, pictures: PictureTable): Promise<PictureTable> {
  const { rowsPerShard, generation, recipe } = header;
  const pixels = new Uint8Array(recipeSizeBytes(recipe));
  const whole = new PictureTable(pictures.length);
  let shard = -1;
  let handle: FileHandle | undefined;
  try {
    for (const picture of pictures) {
      const wanted = Math.floor(picture.row / rowsPerShard);
      if (wanted !== shard) {
        await handle?.close();
        handle = await open(join(folder, shardName(generation, wanted))).catch(() => undefined);
        shard = wanted;
      }
      const position = (picture.row % rowsPerShard) * pixels.length;
      const { bytesRead } = (await handle?.read(pixels, 0, pixels.length, position)) ?? { bytesRead: 0 };
      if (bytesRead === pixels.length && crc32(pixels) === picture.crc) whole.add(picture);
    }
  } finally {
    await handle?.close();
  }
  return whole;
}
