/** Writes rows of pixels into a pack's shards. */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { writeFailure } from "../../base/files/file-failure.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import type { PackHeader } from "./pack-index.ts";
import { shardName } from "./shards.ts";

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
