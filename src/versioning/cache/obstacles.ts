/** What stands where a check-out would write, and belongs to no version: ignored files, links to folders. */
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { readFailure, systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";

export interface Obstacles {
  /** Names that would be lost. */
  readonly lost: readonly string[];
  /** Folders where files are wanted, and links where folders are. */
  readonly inTheWay: readonly string[];
}

/**
 * `names` are those that will be written below the folder at `path`, or `""` for `path` itself;
 * `known` are the files that the walk of the data found, which need no look.
 */
export function findObstacles(
  path: string,
  names: readonly string[],
  known: { readonly has: (name: string) => boolean },
): Obstacles {
  const lost: string[] = [];
  const inTheWay: string[] = [];
  const folders = new Map<string, boolean>();
  /** Whether a folder is there, so that something may be in it. */
  const isOpen = (name: string): boolean => {
    const before = folders.get(name);
    if (before !== undefined) return before;
    const above = name === "" || isOpen(parentOf(name));
    const stats = above ? statOf(join(path, name)) : undefined;
    if (stats !== undefined && !stats.isDirectory() && !known.has(name)) {
      lost.push(name);
      inTheWay.push(name);
    }
    folders.set(name, stats?.isDirectory() ?? false);
    return stats?.isDirectory() ?? false;
  };
  for (const name of names) {
    if (known.has(name) || (name !== "" && !isOpen(parentOf(name)))) continue;
    const stats = statOf(join(path, name));
    if (stats === undefined) continue;
    inTheWay.push(name);
    if (stats.isDirectory()) lost.push(...filesBelow(path, name).filter((file) => !known.has(file)));
    else lost.push(name);
  }
  return { lost, inTheWay };
}

/** Empty folders, and folders of empty folders; with `force` whatever it is. Links are not followed. */
export function removeObstacle(path: string, force: boolean): void {
  try {
    if (force) fs.rmSync(path, { recursive: true, force: true });
    else removeEmptyFolders(path);
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** Leaves those that something is in. */
export function removeEmptyFolders(path: string): void {
  if (!statOf(path)?.isDirectory()) return;
  for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyFolders(join(path, entry.name));
  }
  try {
    fs.rmdirSync(path);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes(systemCodeOf(error) ?? "")) throw writeFailure(path, error);
  }
}

function parentOf(name: string): string {
  const parent = dirname(name);
  return parent === "." ? "" : parent;
}

function filesBelow(path: string, name: string): readonly string[] {
  const entries = fs.readdirSync(join(path, name), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const below = name === "" ? entry.name : `${name}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path, below) : [below];
  });
}

function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return undefined;
    throw readFailure(path, error);
  }
}
