/** Whole files, with the system's refusals as coded errors. */
import { readFile } from "node:fs/promises";
import { AppError, isAppError } from "../errors.ts";
import { formatBytes } from "../quantity.ts";
import { readFailure } from "./file-failure.ts";
import { openRegularFile, readUpTo } from "./regular-file.ts";

/** No file that Pawprint reads whole is larger: protobuf, and so ONNX, ends there. */
export const largestFileBytes = 2 ** 31 - 1;

/**
 * The bytes of a regular file of at most `maximumBytes`, in memory of their own; one that changes
 * while it is read is refused.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED; `where` is the file's name in them.
 */
export async function readBytes(
  path: string,
  where = path,
  maximumBytes = largestFileBytes,
): Promise<Buffer<ArrayBuffer>> {
  const refused = (required: string, sizeBytes: number): AppError =>
    new AppError("FILE_READ_FAILED", { required, received: `one of ${formatBytes(sizeBytes)}`, where });
  const file = await openRegularFile(path, where);
  try {
    const before = await file.stat();
    if (before.size > maximumBytes) throw refused(`a file of at most ${formatBytes(maximumBytes)}`, before.size);
    const bytes = await readUpTo(file, before.size);
    const after = await file.stat();
    if (bytes.length === after.size && before.mtimeMs === after.mtimeMs) return bytes;
    throw refused(`a file that stays as it is while it is read`, after.size);
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(where, error);
  } finally {
    await file.close();
  }
}

/** As `readBytes`; undefined where there is nothing. Errors: FILE_READ_FAILED. */
export async function readBytesIfThere(
  path: string,
  where = path,
  maximumBytes = largestFileBytes,
): Promise<Buffer<ArrayBuffer> | undefined> {
  try {
    return await readBytes(path, where, maximumBytes);
  } catch (error) {
    if (isAppError(error, "FILE_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** As UTF-8, of a pipe too. Errors: as `readBytes`. */
export async function readText(path: string, where = path): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw readFailure(where, error);
  });
}
