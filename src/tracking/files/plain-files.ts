/**
 * Many small files, read at once: for a file of a few hundred bytes a call that waits in a thread
 * costs five times as much. Symbolic links are not followed, so that a folder of runs that came from
 * elsewhere gives nothing of this machine.
 */
import { closeSync, constants, type Dirent, fstatSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import { AppError } from "../../base/errors.ts";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import { formatBytes } from "../../base/quantity.ts";

/** A pipe opens at once and is empty; Windows knows neither flag. */
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Params, tags and `meta.yaml` are far smaller. */
export const largestTextBytes = 1 << 20;

const scratch = Buffer.allocUnsafeSlow(1 << 16);

/**
 * The bytes of a file; undefined where there is none, or a link or a folder in its place. Small
 * content lies in memory that the next call overwrites. Errors: FILE_READ_FAILED, RUN_STORE_INVALID
 * for a larger file.
 */
export function readPlainFile(path: string, maximumBytes: number): Buffer | undefined {
  try {
    const file = openSync(path, flags);
    try {
      const filled = readSync(file, scratch, 0, scratch.length, 0);
      if (filled < scratch.length) return scratch.subarray(0, filled);
      const { size } = fstatSync(file);
      if (size > maximumBytes) throw tooLarge(path, maximumBytes, size);
      return readRest(file, size);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw error instanceof AppError ? error : readFailure(path, error);
  }
}

function readRest(file: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(size, scratch.length));
  let filled = scratch.copy(bytes);
  while (filled < size) {
    const count = readSync(file, bytes, filled, size - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/** As UTF-8, up to `largestTextBytes`. */
export function readPlainText(path: string): string | undefined {
  return readPlainFile(path, largestTextBytes)?.toString("utf8");
}

/** The entries of a folder; none where there is no folder. Errors: FILE_READ_FAILED. */
export function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isNoFile(error)) return [];
    throw readFailure(folder, error);
  }
}

export type PlainKind = "file" | "folder" | "other" | "none";

/** What has this path itself: a link is "other". */
export function kindOf(path: string): PlainKind {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return "none";
    return found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
  } catch (error) {
    if (isNoFile(error)) return "none";
    throw readFailure(path, error);
  }
}

/** ELOOP and EMLINK: a link that is not followed; ENXIO: a socket. */
const noFileCodes = new Set(["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "EMLINK", "ENXIO", "EAGAIN"]);

function isNoFile(error: unknown): boolean {
  return noFileCodes.has(systemCodeOf(error) ?? "");
}

function tooLarge(path: string, maximumBytes: number, size: number): AppError {
  return new AppError("RUN_STORE_INVALID", {
    required: `a file of at most ${formatBytes(maximumBytes)}`,
    received: `one of ${formatBytes(size)}`,
    where: path,
  });
}

/** 0 for what is gone. */
export function sizeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
