/**
 * Moves one file without ever replacing another, so that at every moment at least one whole copy of
 * it exists.
 */
import { createReadStream } from "node:fs";
import * as nodeFiles from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../../../base/errors.ts";
import { type AtomicFileSystem, ensureFolder, writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../../../base/files/file-failure.ts";

/** The calls made on the file system, so that a test can end the work at any of them. */
export type MoveFileSystem = AtomicFileSystem;

/**
 * What file systems answer where a second name cannot be given: another device, or none of their
 * abilities.
 */
const linkRefusals = new Set(["EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/**
 * Gives the file its new name, then takes the old one away; on another device it is copied and
 * flushed first. The new name's folder is made where it is missing. An end between the steps leaves
 * the file under both names.
 * Errors: FILE_EXISTS where the new name is taken, FILE_WRITE_FAILED, INTERRUPTED.
 */
export async function moveFile(
  from: string,
  to: string,
  { files = nodeFiles, signal }: { readonly files?: MoveFileSystem; readonly signal?: AbortSignal } = {},
): Promise<void> {
  await ensureFolder(dirname(to));
  try {
    await files.link(from, to);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "EEXIST") throw nameTaken(to);
    if (code === undefined || !linkRefusals.has(code)) throw writeFailure(to, error);
    await writeFileAtomic(to, createReadStream(from), { files, ...(signal && { signal }) });
  }
  await files.rm(from).catch((error: unknown) => {
    throw writeFailure(from, error);
  });
}

function nameTaken(path: string): AppError {
  return new AppError("FILE_EXISTS", {
    required: "a name that is free",
    received: "a file that exists",
    where: path,
    hint: "rename that file first",
  });
}
