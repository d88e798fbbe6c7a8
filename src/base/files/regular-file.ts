/**
 * Opens files of a disk and nothing else: a pipe would be waited for without end, and a device has no
 * end.
 */
import { closeSync, constants, fstatSync, openSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../errors.ts";
import { readFailure, systemCodeOf } from "./file-failure.ts";

/** A pipe opens at once, a terminal does not take this process; Windows knows neither flag. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Opens a file for reading; symbolic links are followed. What it is is asked of the open file, so
 * that nothing can take its place in between.
 * Errors: FILE_NOT_FOUND; FILE_READ_FAILED, also for a folder, a pipe, a socket and a device.
 */
export async function openRegularFile(path: string, where = path): Promise<FileHandle> {
  const handle = await open(path, flags).catch((error: unknown) => {
    throw openFailure(where, error);
  });
  try {
    requireRegular(await handle.stat(), where);
    return handle;
  } catch (error) {
    await handle.close();
    throw error instanceof AppError ? error : readFailure(where, error);
  }
}

/** The same at once; returns a file descriptor. */
export function openRegularFileSync(path: string, where = path): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, flags);
  } catch (error) {
    throw openFailure(where, error);
  }
  try {
    requireRegular(fstatSync(descriptor), where);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error instanceof AppError ? error : readFailure(where, error);
  }
}

/**
 * The first `sizeBytes` of a file, or all of a shorter one: a file that grows, or that states no size
 * (as in /proc), does not fill the memory. Throws the system's errors.
 */
export async function readUpTo(handle: FileHandle, sizeBytes: number): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const { bytesRead } = await handle.read(bytes, filled, sizeBytes - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

const chunkBytes = 1 << 18;

/** The bytes of an open file from its start; the handle stays open. Throws the system's errors. */
export async function* chunksOf(handle: FileHandle): AsyncGenerator<Buffer, void, undefined> {
  for (let position = 0; ; ) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function requireRegular(found: Stats, where: string): void {
  if (!found.isFile()) throw notRegular(fileKindOf(found), where);
}

/** What is no regular file, as a noun phrase. */
export function fileKindOf(found: Pick<Stats, "isDirectory" | "isFIFO" | "isSocket">): string {
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  return found.isSocket() ? "a socket" : "a device";
}

/** Sockets, and devices without a driver, refuse to be opened. */
function openFailure(where: string, error: unknown): AppError {
  return systemCodeOf(error) === "ENXIO" ? notRegular("a socket or a device", where) : readFailure(where, error);
}

function notRegular(received: string, where: string): AppError {
  const hint = received === "a pipe" ? "write its content to a file, and name that" : "name a file";
  return new AppError("FILE_READ_FAILED", { required: "a regular file", received, where, hint });
}
