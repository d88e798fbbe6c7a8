/** Expands files and folders into a list of picture files. */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "../base/errors.ts";
import { readFailure } from "../base/files/file-failure.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { growTree } from "../dataset/sources/folder-tree.ts";
import { quoted, quotedList } from "../dataset/sources/label.ts";
import { type ListedFiles, listFiles } from "../dataset/sources/list-files.ts";

/** A file to be read, or the reason why there is none. */
export interface ListedFile {
  /** As the caller knows it: the path that was given, or the folder's with the rest appended. */
  readonly file: string;
  readonly error?: AppError;
}

export interface ListPicturesOptions {
  /** Where relative paths start. */
  readonly cwd: string;
  /** Enter linked folders, and take files that links lead to outside. Default false. */
  readonly followLinks?: boolean;
  /** Is told what was left out. */
  readonly logger?: Logger;
}

/**
 * Every file that is named, and every file anywhere below the folders that are named which a source
 * of labelled pictures would take too, sorted. Hidden files and leftovers are passed over; files
 * that are no pictures by their names, and links that are not followed, are told to the logger. A
 * path that does not exist, and a folder without pictures, become entries with an error.
 */
export async function listPictures(paths: readonly string[], options: ListPicturesOptions): Promise<ListedFile[]> {
  const lists = await Promise.all(paths.map((path) => listOne(path, options)));
  return lists.flat();
}

async function listOne(
  file: string,
  { cwd, followLinks = false, logger = silentLogger }: ListPicturesOptions,
): Promise<ListedFile[]> {
  const path = resolve(cwd, file);
  try {
    if (!(await stat(path)).isDirectory()) return [{ file }];
    const listed = await listFiles(path, followLinks);
    const { files, others } = growTree(listed.paths);
    for (const line of describeLeftOut(listed, others)) logger.warn(`${quoted(file, 80)}: ${line}`);
    if (files.length === 0) throw noPictures(file, listed.paths.length);
    return files.map((found) => ({ file: join(file, found.path) }));
  } catch (cause) {
    return [{ file, error: cause instanceof AppError ? cause : readFailure(file, cause) }];
  }
}

function describeLeftOut({ bareFolders, escaping }: ListedFiles, others: readonly string[]): string[] {
  const links = [...bareFolders].flatMap(([folder, kind]) => (kind === "link" ? [folder] : []));
  return [
    ...leftOut("no picture by its name", "no pictures by their names", others),
    ...leftOut("a link to a folder, not entered", "links to folders, not entered", links),
    ...escaping.map(({ id, reason }) => `${quoted(id, 80)} left out: ${reason}`),
  ];
}

function leftOut(one: string, several: string, ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  return [`${ids.length} left out, ${ids.length === 1 ? one : several}: ${quotedList(ids, 3, 80)}`];
}

function noPictures(folder: string, files: number): AppError {
  return new AppError("DATASET_EMPTY", {
    required: "a folder with pictures",
    received: files === 0 ? "one without files" : `${files} files, none of them a picture by its name`,
    where: folder,
  });
}
