/** What the operating system says about files, as coded errors with a hint. */
import { AppError, tooManyOpenFiles } from "../errors.ts";

/** The reason in words, and what to do about it, for the codes that people meet. */
const systemReasons: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EACCES: ["permission denied", "look at the owner and the permissions of the folder"],
  EDQUOT: ["a used-up disk quota", "make room, or choose a folder on another disk"],
  EFBIG: ["a file larger than the file system allows", "choose a folder on another disk"],
  EIO: ["an error of the disk", "look at the system's log; the disk may be failing"],
  EISDIR: ["a folder of this name", "name a file"],
  ENAMETOOLONG: ["a name that is too long", "choose a shorter name"],
  ENOENT: ["no folder of this path", "make the folder first"],
  ENOSPC: ["a full disk", "make room, or choose a folder on another disk"],
  ENOTDIR: ["a file as a part of this path", "choose another path"],
  ENXIO: ["a FIFO that nobody reads, a socket, or a device that is not there", "name a file"],
  EPERM: ["an operation that is not permitted", "look at the owner and the permissions of the folder"],
  EPIPE: ["a reader that is gone", "start it again, or write to a file"],
  EROFS: ["a read-only file system", "choose a folder that can be written to"],
};

/** The system's code ("ENOSPC") of a failed call; undefined for any other error. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/**
 * FILE_NOT_FOUND where nothing has this name, TOO_MANY_OPEN_FILES at the process's limit,
 * FILE_READ_FAILED for any other refusal.
 */
export function readFailure(path: string, cause: unknown): AppError {
  if (systemCodeOf(cause) === "ENOENT") {
    return new AppError("FILE_NOT_FOUND", {
      required: "a file or folder that exists",
      received: path,
      hint: "look at the path; it is taken from the current folder unless it is absolute",
      cause,
    });
  }
  return failure("FILE_READ_FAILED", "a file that can be read", path, cause);
}

/** FILE_WRITE_FAILED with the system's reason in words; TOO_MANY_OPEN_FILES as of `readFailure`. */
export function writeFailure(path: string, cause: unknown): AppError {
  return failure("FILE_WRITE_FAILED", "a path that can be written", path, cause);
}

function failure(code: "FILE_READ_FAILED" | "FILE_WRITE_FAILED", required: string, path: string, cause: unknown) {
  const systemCode = systemCodeOf(cause);
  if (systemCode === "EMFILE") return tooManyOpenFiles(cause);
  const known = systemCode === undefined ? undefined : systemReasons[systemCode];
  const message = cause instanceof Error ? cause.message : String(cause);
  return new AppError(code, {
    required,
    received: known === undefined ? message : `${known[0]} [${systemCode}]`,
    where: path,
    ...(known === undefined ? {} : { hint: known[1] }),
    cause,
  });
}
