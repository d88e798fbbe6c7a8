/** Reads that notice when a file changes between listing and reading. */
import type { BigIntStats } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import { openRegularFile, readUpTo } from "../../base/files/regular-file.ts";
import { pictureLimits, tooManyBytes } from "../../image/decode.ts";

/** Size in bytes and time of the last change in nanoseconds: `1834-1718000000123456789`. */
export function stampOf({ size, mtimeNs }: Pick<BigIntStats, "size" | "mtimeNs">): string {
  return `${size}-${mtimeNs}`;
}

/**
 * The stamp and the size of the file at a path; one that cannot be looked at has a stamp too, and
 * fails when it is read.
 */
export async function stampOfPath(path: string): Promise<{ readonly stamp: string; readonly sizeBytes: number }> {
  return stat(path, { bigint: true }).then(
    (found) => ({ stamp: stampOf(found), sizeBytes: Number(found.size) }),
    (error: unknown) => ({ stamp: `unknown-${systemCodeOf(error)}`, sizeBytes: 0 }),
  );
}

/** Throws SOURCE_CHANGED where an open file no longer has the stamp that it had. */
export async function requireStamp(handle: FileHandle, stamp: string, where: string): Promise<void> {
  if (stampOf(await handle.stat({ bigint: true })) !== stamp) throw sourceChanged(where);
}

/**
 * A picture file's bytes, as they were when `stamp` was taken.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, SOURCE_CHANGED; IMAGE_SIZE above 256 MiB, before
 * anything is read.
 */
export async function readStampedPicture(path: string, stamp: string): Promise<Uint8Array> {
  return withFile(path, async (handle) => {
    const stats = await handle.stat({ bigint: true });
    if (stampOf(stats) !== stamp) throw sourceChanged(path);
    if (stats.size > pictureLimits.sizeBytes) throw tooManyBytes(Number(stats.size), path);
    const bytes = await readUpTo(handle, Number(stats.size));
    await requireStamp(handle, stamp, path);
    return bytes;
  });
}

/** SOURCE_CHANGED: another program wrote into the pictures while they were read. */
export function sourceChanged(where: string): AppError {
  return new AppError("SOURCE_CHANGED", {
    required: "pictures that stay as they are while they are read",
    received: "a file that was changed",
    where,
    hint: "run it again when nothing writes there",
  });
}

/**
 * Calls `work` with an open regular file. Errors: FILE_NOT_FOUND, FILE_READ_FAILED; those of `work`.
 */
export async function withFile<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    const handle = await openRegularFile(path);
    try {
      return await work(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(path, error);
  }
}
