/** Reads that notice when a file changes between listing and reading. */
import type { BigIntStats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import { pictureLimits, tooManyBytes } from "../../image/decode.ts";

/** Size in bytes and time of the last change in nanoseconds: `1834-1718000000123456789`. */
export function stampOf({ size, mtimeNs }: Pick<BigIntStats, "size" | "mtimeNs">): string {
  return `${size}-${mtimeNs}`;
}

/**
 * The stamp of the file at a path; one that cannot be looked at has a stamp too, and fails when it
 * is read.
 */
export async function stampOfPath(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(stampOf, (error: unknown) => `unknown-${systemCodeOf(error)}`);
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
    const bytes = await handle.readFile();
    await requireStamp(handle, stamp, path);
    return bytes;
  });
}

/** A whole file and its stamp. Errors: FILE_NOT_FOUND, FILE_READ_FAILED, SOURCE_CHANGED. */
export async function readWithStamp(path: string): Promise<{ bytes: Uint8Array; stamp: string }> {
  return withFile(path, async (handle) => {
    const stamp = stampOf(await handle.stat({ bigint: true }));
    const bytes = await handle.readFile();
    await requireStamp(handle, stamp, path);
    return { bytes, stamp };
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

async function withFile<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    const handle = await open(path);
    try {
      return await work(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(path, error);
  }
}
