/** What can be wrong with an archive, or with one entry of it. */
import { AppError } from "../../../base/errors.ts";

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

/** IMAGE_UNREADABLE: one entry is damaged, the others may be well. */
export function entryUnreadable(where: string, cause: unknown): AppError {
  return new AppError("IMAGE_UNREADABLE", {
    required: "an archive entry that is whole",
    received: messageOf(cause),
    where,
    cause,
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
