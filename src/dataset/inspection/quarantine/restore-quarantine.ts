/** Puts pictures back that were moved into quarantine. */

import * as nodeFiles from "node:fs/promises";
import { lstat, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { throwIfCancelled } from "../../../base/cancel.ts";
import { AppError } from "../../../base/errors.ts";
import { readFailure, systemCodeOf, writeFailure } from "../../../base/files/file-failure.ts";
import { sha256File } from "../../../base/hash.ts";
import { type Progress, silentProgress } from "../../../base/progress.ts";
import { type MoveFileSystem, moveFile } from "./move-file.ts";
import { type QuarantineEntry, readQuarantineLog } from "./quarantine-log.ts";

export interface RestoreOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly files?: MoveFileSystem;
}

/** What was moved back, and what was not. */
export interface RestoreReport {
  /** The folder that the pictures were put back to. */
  readonly source: string;
  readonly restored: number;
  /** Pictures that stood in their place already: never moved, or put back before. */
  readonly alreadyThere: number;
  /** Pictures that stay in quarantine, or are lost. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * Moves every picture of a quarantine's log back to its place. Each is compared with its SHA-256
 * first, and no file that has taken its place is overwritten. It may be run again at any time, also
 * on a quarantine or a restoration that was killed half-way; the log stays.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, MANIFEST_INVALID, FILE_WRITE_FAILED, INTERRUPTED.
 */
export async function restoreQuarantine(folder: string, options: RestoreOptions = {}): Promise<RestoreReport> {
  const { progress = silentProgress, signal } = options;
  const { source, entries } = await readQuarantineLog(resolve(folder));
  const refused: { id: string; reason: string }[] = [];
  const counts = { restored: 0, "already there": 0 };
  const task = progress.start({ label: "restore", total: entries.length, unit: "pictures" });
  try {
    for (const entry of entries) {
      throwIfCancelled(signal);
      const result = await restoreOne(resolve(folder), source, entry, options);
      if (typeof result === "string") counts[result]++;
      else refused.push({ id: entry.from, reason: result.reason });
      task.advance();
    }
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done();
  await removeEmptyFolders(resolve(folder), entries);
  return { source, restored: counts.restored, alreadyThere: counts["already there"], refused };
}

type RestoreResult = "restored" | "already there" | { readonly reason: string };

async function restoreOne(
  folder: string,
  source: string,
  entry: QuarantineEntry,
  { files = nodeFiles, signal }: RestoreOptions,
): Promise<RestoreResult> {
  const from = join(source, entry.from);
  const to = join(folder, entry.to);
  const [isBack, isStored] = [await exists(from), await exists(to)];
  if (!isStored) return isBack ? "already there" : { reason: "no file in quarantine or in its place" };
  if (isBack) {
    // Both names: a move was ended between its two steps, or another file has taken the place.
    if ((await hashOf(from, signal)) !== entry.sha256) return { reason: "another file in its place" };
    await files.rm(to).catch((error: unknown) => {
      throw writeFailure(to, error);
    });
    return "restored";
  }
  if ((await hashOf(to, signal)) !== entry.sha256) return { reason: "a file that was changed in quarantine" };
  await moveFile(to, from, { files, ...(signal && { signal }) });
  return "restored";
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw readFailure(path, error);
  }
}

/** Undefined for what cannot be read, such as a folder of that name. */
async function hashOf(path: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    return await sha256File(path, signal);
  } catch (error) {
    if (error instanceof AppError && error.code !== "INTERRUPTED") return undefined;
    throw error;
  }
}

/**
 * Takes away the folders that held the pictures, from the deepest up; those that still hold
 * something stay.
 */
async function removeEmptyFolders(folder: string, entries: readonly QuarantineEntry[]): Promise<void> {
  const emptied = new Set<string>();
  for (const { to } of entries) {
    for (let path = dirname(to); path !== "."; path = dirname(path)) emptied.add(path);
  }
  for (const path of [...emptied].sort((a, b) => b.length - a.length)) {
    await rmdir(join(folder, path)).catch((error: unknown) => {
      if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(systemCodeOf(error) ?? "")) throw writeFailure(path, error);
    });
  }
}
