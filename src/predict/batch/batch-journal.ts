/**
 * The rows that are safely on the disk while others are computed: a header, then a sealed line for
 * each row, in order. What a kill or a power cut leaves behind the last whole batch is cut off.
 */
import { type FileHandle, open, rm } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readFailure, systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import { linesOf, readSealedLine, sealLine } from "../../dataset/pack/sealed-line.ts";
import { type BatchRow, decodeRow, encodeRow } from "./batch-row.ts";

/** What rows follow from; rows of two different ones do not belong together. */
export interface BatchIdentity {
  /** SHA-256 of the bundle. */
  readonly model: string;
  /** SHA-256 of all pictures' ids and stamps, in their order. */
  readonly source: string;
  /** How the source is cut: shard and batch size. */
  readonly settings: string;
}

const version = 1;
/** Time between two flushes to the disk; what a power cut takes is computed again. */
const flushEveryMs = 1000;

export class BatchJournal {
  readonly path: string;
  readonly #handle: FileHandle;
  #rows: number;
  #flushedMs = performance.now();

  private constructor(path: string, handle: FileHandle, rows: number) {
    this.path = path;
    this.#handle = handle;
    this.#rows = rows;
  }

  /**
   * Goes on with the journal at `path` where there is one and `resume` is set, else begins a new one.
   * Errors: FILE_WRITE_FAILED, FILE_READ_FAILED; BATCH_MISMATCH for the journal of something else.
   */
  static async open(
    path: string,
    identity: BatchIdentity,
    { resume, batchSize }: { readonly resume: boolean; readonly batchSize: number },
  ): Promise<BatchJournal> {
    const isThere = resume && (await exists(path));
    if (!isThere) {
      await writeFileAtomic(path, sealLine(JSON.stringify({ version, ...identity })), { force: true });
    }
    const handle = await open(path, "r+").catch((error: unknown) => {
      throw writeFailure(path, error);
    });
    try {
      const { rows, sizeBytes } = await checkLines(handle, path, identity, batchSize);
      await handle.truncate(sizeBytes);
      const appending = await open(path, "a+");
      await handle.close();
      return new BatchJournal(path, appending, rows);
    } catch (error) {
      await handle.close();
      throw error instanceof AppError ? error : writeFailure(path, error);
    }
  }

  /** How many rows it has. */
  get rows(): number {
    return this.#rows;
  }

  /** Writes the rows of one batch; they are flushed to the disk about once a second. */
  async append(rows: readonly BatchRow[]): Promise<void> {
    try {
      await this.#handle.appendFile(rows.map((row) => sealLine(encodeRow(row))).join(""));
      this.#rows += rows.length;
      if (performance.now() - this.#flushedMs < flushEveryMs) return;
      await this.flush();
    } catch (error) {
      throw error instanceof AppError ? error : writeFailure(this.path, error);
    }
  }

  async flush(): Promise<void> {
    await this.#handle.datasync().catch((error: unknown) => {
      throw writeFailure(this.path, error);
    });
    this.#flushedMs = performance.now();
  }

  /** All rows, read again from the disk. Errors: FILE_READ_FAILED, BATCH_MISMATCH for a damaged line. */
  async *read(): AsyncGenerator<BatchRow> {
    let line = 0;
    for await (const lines of linesOf(this.#handle, this.path)) {
      for (const bytes of lines) if (line++ > 0) yield rowIn(bytes) ?? damaged(this.path, line);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Closes and deletes it, once the output is there. */
  async remove(): Promise<void> {
    await this.close();
    await rm(this.path, { force: true }).catch((error: unknown) => {
      throw writeFailure(this.path, error);
    });
  }
}

/** Errors: FILE_READ_FAILED. */
export async function exists(path: string): Promise<boolean> {
  try {
    await (await open(path, "r")).close();
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    throw readFailure(path, error);
  }
}

/** The rows of whole batches, and where they end. */
async function checkLines(
  handle: FileHandle,
  path: string,
  identity: BatchIdentity,
  batchSize: number,
): Promise<{ readonly rows: number; readonly sizeBytes: number }> {
  let hasHeader = false;
  let [rows, keptRows] = [0, 0];
  let [position, keptBytes] = [0, 0];
  const { size } = await handle.stat();
  for await (const lines of linesOf(handle, path)) {
    for (const bytes of lines) {
      position += bytes.length + 1;
      if (!hasHeader) requireIdentity(bytes, identity, path);
      // The last line of a killed process may lack its line break.
      else if (position > size || rowIn(bytes) === undefined) return { rows: keptRows, sizeBytes: keptBytes };
      else rows++;
      hasHeader = true;
      if (rows % batchSize === 0) [keptRows, keptBytes] = [rows, position];
    }
  }
  if (!hasHeader) throw mismatch("a file of unfinished predictions", "an empty file", path);
  return { rows: keptRows, sizeBytes: keptBytes };
}

function rowIn(line: Uint8Array): BatchRow | undefined {
  try {
    return decodeRow(readSealedLine(line));
  } catch {
    return undefined;
  }
}

const names = { model: "the same model", source: "the same pictures", settings: "the same settings" } as const;

function requireIdentity(line: Uint8Array, wanted: BatchIdentity, path: string): void {
  let found: Readonly<Record<string, unknown>>;
  try {
    found = { ...(readSealedLine(line) as object) };
  } catch {
    throw mismatch("a file of unfinished predictions", "another file, or a damaged one", path);
  }
  if (found.version !== version) {
    throw mismatch("unfinished predictions of this version of Pawprint", "those of another one", path);
  }
  for (const key of ["model", "source", "settings"] as const) {
    if (found[key] === wanted[key]) continue;
    const shown = key === "settings" ? `${String(found[key])} instead of ${wanted[key]}` : `those of another ${key}`;
    throw mismatch(`unfinished predictions of ${names[key]}`, shown, path);
  }
}

function mismatch(required: string, received: string, where: string): AppError {
  return new AppError("BATCH_MISMATCH", {
    required,
    received,
    where,
    hint: "repeat the call that began it, or give `force` without `resume` to begin again",
  });
}

function damaged(path: string, line: number): never {
  throw mismatch("whole lines in the file of unfinished predictions", `a damaged line ${line}`, path);
}
