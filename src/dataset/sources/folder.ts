/** Labelled pictures in a folder. */
import { readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { readFailure } from "../../base/files/file-failure.ts";
import { fileSamples, leadsBelow } from "./file-samples.ts";
import { readLayout } from "./folder-layout.ts";
import type { SkippedPicture, Source } from "./source.ts";
import type { SourceOptions } from "./source-options.ts";

/**
 * Lists a folder of labelled pictures; `readLayout` says how labels and given splits are told.
 * Symbolic links are followed to files inside the folder only.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED.
 */
export async function openFolder(location: string, options: SourceOptions = {}): Promise<Source> {
  const { paths, escaping } = await listFiles(location);
  const { labelled, unlabelled } = readLayout(paths, options);
  return {
    kind: "folder",
    location,
    skipped: [...escaping, ...unlabelled],
    samples: () => fileSamples(location, labelled),
    close: async () => {},
  };
}

/**
 * Paths of all files below a folder, relative to it, with forward slashes, sorted by code units on
 * every system.
 */
async function listFiles(location: string): Promise<{ paths: string[]; escaping: SkippedPicture[] }> {
  const paths: string[] = [];
  const escaping: SkippedPicture[] = [];
  try {
    const root = await realpath(location);
    for (const entry of await readdir(location, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const id = relative(location, path).split(sep).join("/");
      if (entry.isFile()) paths.push(id);
      else if (entry.isSymbolicLink()) {
        const inside = await leadsToFileIn(root, path);
        if (inside) paths.push(id);
        else escaping.push({ id, code: "IMAGE_UNREADABLE", reason: "a link to no file inside the folder" });
      }
    }
  } catch (error) {
    throw readFailure(location, error);
  }
  return { paths: paths.sort(byCodeUnits), escaping };
}

async function leadsToFileIn(root: string, link: string): Promise<boolean> {
  try {
    return (await leadsBelow(root, link)) && (await stat(link)).isFile();
  } catch {
    // A link that leads nowhere, or in a circle, cannot be resolved.
    return false;
  }
}

/** The order of JavaScript's own comparison: the same whatever the machine's language. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
