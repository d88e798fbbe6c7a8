/** What can be wrong with an archive, or with one entry of it. */
import { AppError } from "../../../base/errors.ts";
import { formatBytes } from "../../../base/quantity.ts";

/** ARCHIVE_CORRUPT: the archive ends early, or its own bookkeeping is damaged. */
export function archiveCorrupt(kind: "zip" | "tar", advice: string, where: string, cause: unknown): AppError {
  return new AppError("ARCHIVE_CORRUPT", {
    required: `a ${kind} archive that is whole`,
    received: messageOf(cause),
    where,
    hint: `copy or download it again; ${advice}`,
    cause,
  });
}

/** ARCHIVE_UNSUPPORTED: the archive may be well, but is not to be read here. */
export function archiveUnsupported(received: string, hint: string, where: string): AppError {
  return new AppError("ARCHIVE_UNSUPPORTED", {
    required: "an archive in one file, without a password, packed with deflate",
    received,
    where,
    hint,
  });
}

/** DATASET_SOURCE_UNKNOWN: what is in the archive, or in the file of that name, is something else. */
export function notPictures(received: string, hint: string, where: string): AppError {
  return new AppError("DATASET_SOURCE_UNKNOWN", { required: "an archive of picture files", received, where, hint });
}

/** DATASET_EMPTY: folders at most. */
export function emptyArchive(where: string): AppError {
  return new AppError("DATASET_EMPTY", {
    required: "an archive of picture files",
    received: "one without a file in it",
    where,
  });
}

/** IMAGE_UNREADABLE: one entry is damaged, the others may be well. */
export function entryUnreadable(where: string, cause: unknown): AppError {
  return new AppError("IMAGE_UNREADABLE", {
    required: "an archive entry that is whole",
    received: messageOf(cause),
    where,
    cause,
  });
}

/** IMAGE_UNREADABLE: one entry is packed in a way that is not known here. */
export function entryLocked(received: string, where: string): AppError {
  return new AppError("IMAGE_UNREADABLE", { required: "an archive entry that can be unpacked", received, where });
}

/** What an archive may unpack to in bytes: 1 GiB, or 200 times its own size if that is more. */
export function unpackedLimitOf(archiveBytes: number, floorBytes = 2 ** 30): number {
  return Math.max(floorBytes, 200 * archiveBytes);
}

/** ARCHIVE_LIMIT: a bomb, or sparse files that belong on a disk. */
export function unpacksToTooMuch(limitBytes: number, where: string): AppError {
  return archiveLimit(`unpacked content of at most ${formatBytes(limitBytes)}`, where);
}

/** ARCHIVE_LIMIT: the list of entries alone would fill the memory. */
export function listsTooMuch(required: string, where: string): AppError {
  return archiveLimit(`an archive with ${required}`, where);
}

function archiveLimit(required: string, where: string): AppError {
  const hint = "if you trust it, unpack it yourself and name the folder";
  return new AppError("ARCHIVE_LIMIT", { required, received: "more than that", where, hint });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
