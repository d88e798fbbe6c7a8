/** Reading a file that others may write to meanwhile, in pieces. */
import * as fs from "node:fs";
import { AppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { stampOf } from "./file-stamp.ts";

export const chunkBytes = 1 << 20;
/**
 * A piece of a large copy stays in a processor's cache between reading, hashing and writing: 2 GiB in
 * 3.3 s, in pieces of 1 MiB 5.8 s.
 */
export const copiedBytes = 64 << 10;
let chunk: Buffer | undefined;

/** One for each thread: what was read last is overwritten. */
export function ownChunk(): Buffer {
  chunk ??= Buffer.allocUnsafe(chunkBytes);
  return chunk;
}

/** Reads a file whole or in pieces; its stamp before and after must be the same, else it is read again. */
export function readSteadily<T>(
  path: string,
  read: (handle: number, size: number) => T,
): { value: T; stats: fs.BigIntStats } {
  for (let attempt = 1; ; attempt++) {
    const handle = openToRead(path);
    try {
      const before = fs.fstatSync(handle, { bigint: true });
      if (!before.isFile()) throw notRegular(path);
      const value = read(handle, Number(before.size));
      const stats = fs.fstatSync(handle, { bigint: true });
      if (stampOf(before) === stampOf(stats)) return { value, stats };
    } catch (error) {
      throw error instanceof AppError ? error : readFailure(path, error);
    } finally {
      fs.closeSync(handle);
    }
    if (attempt === 3) throw changedMeanwhile(path);
  }
}

export function openToRead(path: string): number {
  try {
    // Without O_NONBLOCK a pipe would be waited for.
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch (error) {
    throw readFailure(path, error);
  }
}

export function notRegular(where: string): AppError {
  return new AppError("FILE_READ_FAILED", {
    required: "a regular file",
    received: "a pipe, socket or device",
    where,
  });
}

export function changedMeanwhile(where: string): AppError {
  return new AppError("SOURCE_CHANGED", {
    required: "data that stays as it is while it is read",
    received: "a file that was changed",
    where,
    hint: "run it again when nothing writes there",
  });
}

/**
 * Calls `take` with piece after piece, of 1 MiB unless given, until `size` bytes were read: one that
 * grows is not followed for ever, its stamp tells.
 */
export function readPieces(
  handle: number,
  size: number,
  take: (piece: Buffer) => void,
  pieceBytes: number = chunkBytes,
): void {
  const buffer = ownChunk().subarray(0, pieceBytes);
  for (let at = 0; at < size; ) {
    const count = fs.readSync(handle, buffer, 0, buffer.length, null);
    if (count === 0) return;
    at += count;
    take(count === buffer.length ? buffer : buffer.subarray(0, count));
  }
}
