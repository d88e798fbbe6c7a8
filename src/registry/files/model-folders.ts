/** Small text files of a registry's folders, read and written so that MLflow never meets a part of one. */
import { randomBytes } from "node:crypto";
import type { Dirent } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { byCodeUnits } from "../../base/by-code-units.ts";
import { isAppError } from "../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readFailure, systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import { readBytes } from "../../base/files/read-file.ts";

const largestBytes = 1 << 20;
const attempts = 3;
/** Names of ours, passed over by all who read. */
const ownStart = ".pawprint-";

/**
 * Writes one file below `home`. What is not yet whole lies in `home` itself: MLflow takes every file in
 * `tags/` and `aliases/` for one of them. Errors: FILE_WRITE_FAILED.
 */
export async function placeFile(home: string, path: string, text: string): Promise<void> {
  await ensureFolder(dirname(path));
  await writeFileAtomic(path, text, { force: true, temporaryIn: home });
}

/**
 * Makes the folder `path` with these files (path from it -> text) in one step; false where one with
 * content is there. Errors: FILE_WRITE_FAILED.
 */
export async function placeFolder(
  home: string,
  path: string,
  files: ReadonlyMap<string, string>,
  ending: string,
): Promise<boolean> {
  const staged = join(home, stagedName(ending));
  try {
    await mkdir(staged);
    for (const [name, text] of files) await placeFile(staged, join(staged, name), text);
    await rename(staged, path);
    return true;
  } catch (error) {
    await rm(staged, { recursive: true, force: true }).catch(() => undefined);
    if (["ENOTEMPTY", "EEXIST", "EPERM"].includes(systemCodeOf(error) ?? "") && (await isFolder(path))) return false;
    throw writeFailure(path, error);
  }
}

function stagedName(ending: string): string {
  return `${ownStart}${randomBytes(6).toString("hex")}.${ending}`;
}

async function isFolder(path: string): Promise<boolean> {
  return (await entriesOf(path)) !== undefined;
}

/** The entries of a folder by name, without ours; undefined where there is none. Links are given as links. */
export async function entriesOf(folder: string): Promise<Dirent[] | undefined> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => !name.startsWith(ownStart))
      .sort((left, right) => byCodeUnits(left.name, right.name));
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT" || systemCodeOf(error) === "ENOTDIR") return undefined;
    throw readFailure(folder, error);
  }
}

/**
 * The regular files below a folder: path from it, with `/`, and content as it is. Links are passed
 * over: they could show what lies elsewhere on this machine.
 */
export async function textsBelow(folder: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const walk = async (below: string): Promise<void> => {
    for (const entry of (await entriesOf(join(folder, below))) ?? []) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) {
        const text = await readTextIfThere(join(folder, path));
        if (text !== undefined) texts.set(path, text);
      }
    }
  };
  await walk("");
  return texts;
}

/**
 * Undefined where there is none. MLflow writes tags and aliases in place: what changes while it is
 * read, or is not `whole` yet, is read again. Errors: FILE_READ_FAILED.
 */
export async function readTextIfThere(
  path: string,
  whole: (text: string) => boolean = () => true,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const text = (await readBytes(path, path, largestBytes)).toString("utf8");
      if (whole(text) || attempt === attempts) return text;
    } catch (error) {
      if (isAppError(error, "FILE_NOT_FOUND")) return undefined;
      if (attempt === attempts) throw error;
    }
    await pause(5 * attempt);
  }
}
