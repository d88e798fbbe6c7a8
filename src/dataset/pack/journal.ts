/** The journal of a pack under construction: one line for each row that is safely on the disk. */
import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { writeFailure } from "../../base/files/file-failure.ts";
import { encodeHeader, encodePictures, type PackHeader } from "./pack-index.ts";
import type { PictureTable } from "./picture-table.ts";

export function journalName(generation: string): string {
  return `${generation}.journal`;
}

/**
 * Buffers journal lines as bytes until the next flush; strings that live so long would fill the old
 * generation of the heap.
 */
export class LineBuffer {
  #bytes = Buffer.alloc(2 ** 18);
  #end = 0;
  lineCount = 0;

  add(line: string): void {
    const sizeBytes = Buffer.byteLength(line);
    if (this.#end + sizeBytes > this.#bytes.length) {
      const grown = Buffer.alloc(2 * (this.#bytes.length + sizeBytes));
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    this.#end += this.#bytes.write(line, this.#end);
    this.lineCount++;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  clear(): void {
    this.#end = 0;
    this.lineCount = 0;
  }
}

/**
 * Appends lines for rows that are on the disk. Starts with the kept rows, so that one file is
 * enough; created with the first new row.
 */
export class Journal {
  readonly #path: string;
  readonly #header: PackHeader;
  readonly #kept: PictureTable;
  #handle: FileHandle | undefined;

  constructor(path: string, header: PackHeader, kept: PictureTable) {
    this.#path = path;
    this.#header = header;
    this.#kept = kept;
  }

  async append(lines: Uint8Array): Promise<void> {
    if (lines.length === 0) return;
    try {
      this.#handle ??= await this.#start();
      await this.#handle.appendFile(lines);
      await this.#handle.datasync();
    } catch (error) {
      throw error instanceof AppError ? error : writeFailure(this.#path, error);
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #start(): Promise<FileHandle> {
    const { header, kept } = { header: this.#header, kept: this.#kept };
    const lines = function* () {
      yield encodeHeader(header);
      yield* encodePictures(kept);
    };
    await writeFileAtomic(this.#path, lines(), { force: true });
    return open(this.#path, "a");
  }
}
