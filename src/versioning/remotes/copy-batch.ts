/** Copies objects from folder to folder, checked by their hash; in a thread, synchronously. */
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { AppError, type ErrorCode, type ErrorDetail, toAppError } from "../../base/errors.ts";
import { readFailure, systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import { reservedStart } from "../../storage/object-key.ts";
import { chunkBytes, copiedBytes } from "../cache/read-steadily.ts";

export interface CopyTask {
  readonly from: string;
  readonly to: string;
  /** What the content must have, 32 hexadecimal digits; unchecked where left out. */
  readonly md5?: string;
}

export interface CopyBatch {
  readonly tasks: readonly CopyTask[];
  /** Its first byte becomes 1 when the work is to end. */
  readonly stop: SharedArrayBuffer;
}

/** Of one task; `bytes` where it was copied. */
export interface CopyResult {
  readonly bytes?: number;
  readonly error?: { readonly code: ErrorCode; readonly detail: ErrorDetail };
}

/**
 * A file of this size is flushed to the disk before it gets its name. For small files that would
 * take four times as long (245 us for 67 us): a power cut may leave some of them empty, which the
 * next push sees by their size, and a fetch by their hash.
 */
const flushedFrom = 2 ** 20;

/** As DVC writes them: what is read-only it takes for unchanged. */
const objectMode = 0o444;

const buffer = Buffer.allocUnsafe(chunkBytes);

/** Results in the order of the tasks; fewer where it was stopped. What is there in full is kept. */
export function copyBatch({ tasks, stop }: CopyBatch): CopyResult[] {
  const flag = new Uint8Array(stop);
  const isStopped = (): boolean => Atomics.load(flag, 0) === 1;
  const results: CopyResult[] = [];
  for (const task of tasks) {
    if (isStopped()) break;
    try {
      const bytes = copyOne(task, isStopped);
      if (bytes === "stopped") break;
      results.push(bytes === undefined ? {} : { bytes });
    } catch (error) {
      const { code, required, received, where, hint } = toAppError(error);
      const detail = { required, ...(received && { received }), ...(where && { where }), ...(hint && { hint }) };
      results.push({ error: { code, detail } });
    }
  }
  return results;
}

/** Undefined where the object is there already. */
function copyOne({ from, to, md5 }: CopyTask, isStopped: () => boolean): number | "stopped" | undefined {
  const source = attempt(from, missing, () => openSync(from, "r"));
  try {
    const { size } = fstatSync(source);
    if (statSync(to, { throwIfNoEntry: false })?.size === size) return undefined;
    const folder = dirname(to);
    const temporary = join(folder, `${reservedStart}${randomBytes(6).toString("hex")}.tmp`);
    const target = attempt(to, writeFailure, () => openNew(temporary, folder));
    let isNamed = false;
    try {
      const hash = md5 === undefined ? undefined : createHash("md5");
      const pieceBytes = size < chunkBytes ? chunkBytes : copiedBytes;
      let bytes = 0;
      for (;;) {
        if (isStopped()) return "stopped";
        const count = attempt(from, readFailure, () => readSync(source, buffer, 0, pieceBytes, null));
        if (count === 0) break;
        hash?.update(buffer.subarray(0, count));
        for (let at = 0; at < count; ) {
          at += attempt(to, writeFailure, () => writeSync(target, buffer, at, count - at));
        }
        bytes += count;
        if (bytes === size && size < chunkBytes) break; // one call less for most files
      }
      const found = hash?.digest("hex");
      if (found !== md5) throw corruptObject(from, md5, found);
      if (bytes >= flushedFrom) attempt(to, writeFailure, () => fsyncSync(target));
      attempt(to, writeFailure, () => renameSync(temporary, to));
      isNamed = true;
      return bytes;
    } finally {
      closeSync(target);
      if (!isNamed) rmSync(temporary, { force: true });
    }
  } finally {
    closeSync(source);
  }
}

/** Folders are made when the first file of theirs comes. */
function openNew(path: string, folder: string): number {
  try {
    return openSync(path, "wx", objectMode);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
    mkdirSync(folder, { recursive: true });
    return openSync(path, "wx", objectMode);
  }
}

function attempt<T>(path: string, failure: (path: string, cause: unknown) => AppError, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw failure(path, error);
  }
}

function missing(path: string, cause: unknown): AppError {
  if (systemCodeOf(cause) !== "ENOENT" && systemCodeOf(cause) !== "ENOTDIR") return readFailure(path, cause);
  return new AppError("DATA_OBJECT_MISSING", { required: "an object", received: "none", where: path });
}

export function corruptObject(where: string, md5: string | undefined, found: string | undefined): AppError {
  return new AppError("DATA_OBJECT_CORRUPT", {
    required: `content with the MD5 ${md5}`,
    received: String(found),
    where,
    hint: "send a good one from a machine that has it",
  });
}
