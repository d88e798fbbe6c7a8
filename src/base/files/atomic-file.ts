/**
 * Writes a file whole or not at all: readers, a crash or Ctrl-C see the old content or the new,
 * never a part.
 */
import { randomBytes } from "node:crypto";
import type { BigIntStats, Stats } from "node:fs";
import * as nodeFiles from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { throwIfCancelled } from "../cancel.ts";
import { AppError } from "../errors.ts";
import { systemCodeOf, writeFailure } from "./file-failure.ts";
import { forgetUnfinished, noteUnfinished } from "./unfinished-files.ts";

/** The calls made on the file system, so that a test can let one of them fail. */
export type AtomicFileSystem = Pick<typeof nodeFiles, "open" | "link" | "rename" | "rm" | "lstat">;

export type FileContent = Uint8Array | string | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

export interface WriteFileOptions {
  /**
   * Take the place of a file that is there. Without it such a file is left alone and FILE_EXISTS is
   * thrown.
   */
  readonly force?: boolean;
  /** Aborting it ends a long write; the old file stays. */
  readonly signal?: AbortSignal;
  /** Where the temporary file lies, on the same disk; the file's own folder unless given. */
  readonly temporaryIn?: string;
  readonly files?: AtomicFileSystem;
}

/** File systems without hard links (FAT, some network mounts) answer a link with one of these. */
const linkRefusals = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);

const temporaryStart = ".pawprint-";

/** Temporary names tell what they were to become, as far as a file's name has room for it. */
function endingOf(path: string): string {
  return `${extname(path).slice(0, 16)}.tmp`;
}

/**
 * Writes `content` under a temporary name in the same folder (`temporaryIn`), flushes it to the disk, then gives it
 * its name in one step. The folder must exist (`ensureFolder`). A symbolic link at `path` is
 * replaced, not followed, so that a file linked from a cache is never written through. With
 * `force`, the old file's permissions are kept. Returns the written file's size, time and inode.
 *
 * Errors: FILE_EXISTS, FILE_WRITE_FAILED, INTERRUPTED; what an iterable itself throws comes through
 * unchanged. After any of them the old file is whole and the temporary file is gone.
 */
export async function writeFileAtomic(
  path: string,
  content: FileContent,
  { force = false, signal, temporaryIn = dirname(path), files = nodeFiles }: WriteFileOptions = {},
): Promise<BigIntStats> {
  const attempt = <T>(call: Promise<T>): Promise<T> =>
    call.catch((error: unknown) => {
      throw writeFailure(path, error);
    });

  throwIfCancelled(signal);
  const old = await attempt(existing(path, files));
  if (old?.isDirectory()) throw nameTaken(path, "a folder of this name", "name a file");
  if (old !== undefined && !force) throw fileExists(path);

  const folder = dirname(path);
  let written: BigIntStats;
  const temporary = join(temporaryIn, `${temporaryStart}${randomBytes(6).toString("hex")}${endingOf(path)}`);
  noteUnfinished(temporary);
  try {
    const handle = await attempt(files.open(temporary, "wx"));
    try {
      for await (const chunk of chunksOf(content)) {
        throwIfCancelled(signal);
        await attempt(handle.writeFile(chunk));
      }
      if (old?.isFile()) await attempt(handle.chmod((old.mode & 0o777) | 0o200));
      await attempt(handle.sync());
      written = await attempt(handle.stat({ bigint: true }));
    } finally {
      await attempt(handle.close());
    }
    throwIfCancelled(signal);
    if (force || !(await linkInto(temporary, path, files))) await attempt(files.rename(temporary, path));
    else await attempt(files.rm(temporary));
  } catch (error) {
    // A leftover that cannot be removed either must not hide why the write failed.
    await files.rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    forgetUnfinished(temporary);
  }
  await attempt(syncFolder(folder, files));
  return written;
}

/**
 * Deletes the temporary files that killed processes left in a folder on the way to files with one
 * of these extensions (`.jsonl`). Only for who holds the lock that all writers of such files take;
 * those who ask for the lock just then keep theirs. Throws FILE_WRITE_FAILED.
 */
export async function removeLeftovers(folder: string, extensions: readonly string[]): Promise<void> {
  const endings = extensions.map((extension) => endingOf(`x${extension}`));
  try {
    for (const name of await nodeFiles.readdir(folder)) {
      const isLeftover = name.startsWith(temporaryStart) && endings.some((ending) => name.endsWith(ending));
      if (isLeftover) await nodeFiles.rm(join(folder, name), { force: true });
    }
  } catch (error) {
    throw writeFailure(folder, error);
  }
}

/** Makes a folder and its parents where they are missing. Throws FILE_WRITE_FAILED. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await nodeFiles.mkdir(path, { recursive: true });
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw writeFailure(path, error);
    throw nameTaken(path, "a file of this name", "choose another folder, or move the file away");
  }
}

async function existing(path: string, files: AtomicFileSystem): Promise<Stats | undefined> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Gives the file its name only where that name is free, in one step: a rename would silently
 * replace a file that another process wrote meanwhile. False where the file system has no hard
 * links.
 */
async function linkInto(temporary: string, path: string, files: AtomicFileSystem): Promise<boolean> {
  try {
    await files.link(temporary, path);
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "EEXIST") throw fileExists(path);
    if (code !== undefined && linkRefusals.has(code)) return false;
    throw writeFailure(path, error);
  }
}

/**
 * Flushes the folder's list of names; without it a power cut could undo the rename. Windows opens
 * no folder.
 */
async function syncFolder(folder: string, files: AtomicFileSystem): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await files.open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems have no flush for folders and say EINVAL.
    if (systemCodeOf(error) !== "EINVAL") throw error;
  } finally {
    await handle.close();
  }
}

async function* chunksOf(content: FileContent): AsyncGenerator<Uint8Array | string> {
  if (typeof content === "string" || content instanceof Uint8Array) yield content;
  else yield* content;
}

function fileExists(path: string): AppError {
  return new AppError("FILE_EXISTS", {
    required: "a name that is free",
    received: "a file that exists",
    where: path,
    hint: "give `force` to replace it",
  });
}

function nameTaken(path: string, received: string, hint: string): AppError {
  return new AppError("FILE_WRITE_FAILED", { required: "a path that can be written", received, where: path, hint });
}
