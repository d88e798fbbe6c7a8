/** Whole files, with the system's refusals as coded errors. */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { AppError } from "../errors.ts";
import { formatBytes } from "../quantity.ts";
import { readFailure } from "./file-failure.ts";

/** No file that Pawprint reads whole is larger: protobuf, and so ONNX, ends there. */
export const largestFileBytes = 2 ** 31 - 1;

/**
 * The bytes of a regular file of at most `maximumBytes`, in memory of their own. Named pipes,
 * devices and sockets are refused, also where a link leads to one: they may never end, or never
 * begin. So is a file that changes while it is read.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED; `where` is the file's name in them.
 */
export async function readBytes(
  path: string,
  where = path,
  maximumBytes = largestFileBytes,
): Promise<Buffer<ArrayBuffer>> {
  try {
    // Without O_NONBLOCK the opening of a named pipe waits for a writer; Windows has neither.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      return await readWhole(file, where, maximumBytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(where, error);
  }
}

async function readWhole(file: FileHandle, where: string, maximumBytes: number): Promise<Buffer<ArrayBuffer>> {
  const before = await file.stat();
  if (!before.isFile()) throw refused("a regular file", kindOf(before), where);
  if (before.size > maximumBytes) {
    throw refused(`a file of at most ${formatBytes(maximumBytes)}`, formatBytes(before.size), where);
  }
  const bytes = Buffer.from(new ArrayBuffer(before.size));
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  const after = await file.stat();
  if (length === after.size && before.mtimeMs === after.mtimeMs) return bytes;
  throw refused(
    "a file that does not change while it is read",
    `${formatBytes(after.size)} instead of ${formatBytes(before.size)}`,
    where,
  );
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a named pipe";
  return found.isSocket() ? "a socket" : "a device";
}

function refused(required: string, received: string, where: string): AppError {
  return new AppError("FILE_READ_FAILED", { required, received, where });
}

/** As UTF-8, of a pipe too. Errors: as `readBytes`. */
export async function readText(path: string, where = path): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw readFailure(where, error);
  });
}
