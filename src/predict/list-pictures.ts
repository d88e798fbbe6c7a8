/** Expands files and folders into a list of picture files. */
import { readdir, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { AppError } from "../base/errors.ts";
import { readFailure } from "../base/files/file-failure.ts";
import { pictureExtensions } from "../image/format.ts";

/** A file to be read, or the reason why there is none. */
export interface ListedFile {
  /** As the caller knows it: the path that was given, or the folder's with the rest appended. */
  readonly file: string;
  readonly error?: AppError;
}

/**
 * Every file that is named, and every picture (by its extension) anywhere below the folders that
 * are named, in a stable order. Hidden files in folders are passed over. A path that does not
 * exist, and a folder without pictures, become entries with an error. Relative paths start at
 * `cwd`.
 */
export async function listPictures(paths: readonly string[], cwd: string): Promise<ListedFile[]> {
  const lists = await Promise.all(paths.map((path) => listOne(path, cwd)));
  return lists.flat();
}

async function listOne(file: string, cwd: string): Promise<ListedFile[]> {
  const path = resolve(cwd, file);
  try {
    if (!(await stat(path)).isDirectory()) return [{ file }];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const names = entries
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
      .filter((entry) => pictureExtensions.has(extname(entry.name).toLowerCase()))
      .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
      .sort((a, b) => (a < b ? -1 : 1));
    if (names.length === 0) throw noPictures(file);
    return names.map((name) => ({ file: join(file, name) }));
  } catch (cause) {
    return [{ file, error: cause instanceof AppError ? cause : readFailure(file, cause) }];
  }
}

function noPictures(folder: string): AppError {
  return new AppError("DATASET_EMPTY", {
    required: "a folder with pictures",
    received: `no file that ends in ${[...pictureExtensions].join(", ")}`,
    where: folder,
  });
}
