/**
 * The folder that an import works in: which of its files are those of this import and of interrupted
 * ones, and which others put there.
 */
import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { AppError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-file.ts";
import { counted } from "../base/quantity.ts";
import { quotedList } from "./sources/label.ts";

/** Lists what this and interrupted imports may have written; the dot hides it from sources. */
export const pathsName = ".import-paths";

/**
 * Declares the files that are going to be written before any is, so that a later import can tell
 * them from files that others put into the folder. Returns those of all imports so far.
 * Errors: FILE_EXISTS for files of others.
 */
export async function declareOwn(partial: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const list = join(partial, pathsName);
  const before = await readFile(list, "utf8").catch(() => "");
  const earlier = new Set(before.split("\n"));
  requireOwn(partial, await listFilesIn(partial), earlier);
  const own = new Set([...earlier, ...paths]);
  await writeFileAtomic(list, [...own].join("\n"), { force: true });
  return own;
}

/** Temporary files of a killed import, and what systems leave in folders that were looked at. */
const left = /(?:^|\/)(?:\.pawprint-[^/]*\.tmp|\.DS_Store|Thumbs\.db|desktop\.ini)$/i;

function requireOwn(partial: string, files: readonly string[], own: ReadonlySet<string>): void {
  const theirs = files.filter((path) => path !== pathsName && !own.has(path) && !left.test(path));
  if (theirs.length === 0) return;
  throw new AppError("FILE_EXISTS", {
    required: "a folder with nothing but files of an interrupted import",
    received: `${counted(theirs.length, "other file")}: ${quotedList(theirs, 3, 80)}`,
    where: partial,
    hint: "move them away, or delete the folder",
  });
}

/** Removes files of earlier imports that named their pictures otherwise, or whose source has changed since. */
export async function removeOthers(folder: string, own: ReadonlySet<string>, kept: ReadonlySet<string>): Promise<void> {
  const files = await listFilesIn(folder);
  requireOwn(folder, files, own);
  for (const path of files) if (path !== pathsName && !kept.has(path)) await rm(join(folder, path), { force: true });
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  // The innermost first; those that hold something stay.
  for (const path of folders.sort().reverse()) await rmdir(path).catch(() => undefined);
}

/** Everything that is no folder, as paths with forward slashes. */
async function listFilesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join("/"));
}
