/** Walks a folder: its files, its empty folders, and the links in it. */
import { realpath, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { byCodeUnits } from "../../base/by-code-units.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { fileKindOf } from "../../base/files/regular-file.ts";
import { listNames } from "./file-names.ts";
import { isLeftover } from "./file-role.ts";
import { leadsBelow } from "./file-samples.ts";
import type { SkippedPicture } from "./source.ts";

export interface ListedFiles {
  /** Paths from the folder, with forward slashes, sorted by code units on every system. */
  readonly paths: readonly string[];
  /** Folders without any file or folder, and links to folders that were not entered. */
  readonly bareFolders: ReadonlyMap<string, "empty" | "link">;
  /** Links that lead to no file or out of the folder, and names that are not UTF-8. */
  readonly escaping: readonly SkippedPicture[];
}

/** More links are a mistake, and may be an attack: each can lead to all the others. */
const linkLimit = 100_000;
const depthLimit = 64;

/**
 * Hidden folders and leftovers are not entered. Links to files inside the folder count as files; with
 * `followLinks` all links are followed, except to a folder around them.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED.
 */
export async function listFiles(location: string, followLinks: boolean): Promise<ListedFiles> {
  const paths: string[] = [];
  const bareFolders = new Map<string, "empty" | "link">();
  const escaping: SkippedPicture[] = [];
  const skip = (id: string, reason: string): void => void escaping.push({ id, code: "IMAGE_UNREADABLE", reason });
  let links = 0;

  const walk = async (folder: string, around: readonly string[]): Promise<void> => {
    const idOf = (name: string): string => (folder === "" ? name : `${folder}/${name}`);
    const { entries, undecodable } = await listNames(join(location, folder));
    const shown = entries.filter(({ name }) => !isLeftover(name));
    if (shown.length + undecodable.length === 0 && folder !== "") bareFolders.set(folder, "empty");
    for (const { name, reason } of undecodable) escaping.push({ id: idOf(name), code: "FILE_READ_FAILED", reason });
    for (const entry of shown) {
      const id = idOf(entry.name);
      if (entry.isFile()) paths.push(id);
      else if (entry.isDirectory()) await walk(id, around);
      else if (entry.isSymbolicLink()) await follow(id, around);
      else skip(id, `${fileKindOf(entry)} and no file`);
    }
  };

  const follow = async (id: string, around: readonly string[]): Promise<void> => {
    const path = join(location, id);
    const found = await stat(path).catch(() => undefined); // it leads nowhere, or in a circle
    if (found === undefined) return skip(id, "a link that leads nowhere");
    if (found.isDirectory()) {
      if (!followLinks) return void bareFolders.set(id, "link");
      const target = await realpath(path);
      const here = await realpath(dirname(path));
      const isCircle = [...around, here].some((real) => real === target || real.startsWith(`${target}${sep}`));
      if (isCircle) return skip(id, "a link to a folder around it");
      if (++links > linkLimit || around.length > depthLimit) return skip(id, "one of too many links to folders");
      return walk(id, [...around, target]);
    }
    if (!found.isFile()) return skip(id, `a link to ${fileKindOf(found)}`);
    if (followLinks || (await leadsBelow(around[0]!, path))) paths.push(id);
    else skip(id, "a link to a file outside the folder; `followLinks` takes it");
  };

  try {
    await walk("", [await realpath(location)]);
  } catch (error) {
    throw readFailure(location, error);
  }
  return { paths: paths.sort(byCodeUnits), bareFolders, escaping };
}
