/** What is at a path: hashes of files and folders, from the state file where nothing changed. */
import { type BigIntStats, lstatSync, statSync } from "node:fs";
import { relative, sep } from "node:path";
import { AppError } from "../../base/errors.ts";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import type { Progress } from "../../base/progress.ts";
import type { DataHash, TreeFile } from "../data-hash.ts";
import { type EncodedTree, encodeTree } from "../formats/dir-object.ts";
import { enterAbove, openIgnoreRules } from "../repo/ignore-rules.ts";
import type { Repository } from "../repo/repository.ts";
import { type FileResult, type FileTask, hasObject, putBytes } from "./file-work.ts";
import { makeDurable } from "./object-cache.ts";
import { runTasks, type SizedTask } from "./run-tasks.ts";
import { type KnownState, knownHashes, listingOf, readState, writeState } from "./state-file.ts";
import { type FoundFile, foundFrom, walkData } from "./walk-data.ts";
import { linksBack, objectIn, type WorkPlace, workPlaceOf } from "./work-place.ts";

export interface PathContent {
  readonly hash: DataHash;
  readonly sizeBytes: number;
  /** 1 for a file. */
  readonly fileCount: number;
  /** Of a file: whether its owner may execute it. */
  readonly isExecutable: boolean;
  /** Of a folder. Made when it is asked for. */
  readonly files?: () => readonly TreeFile[];
}

export interface StoredContent extends PathContent {
  /** Objects that the cache did not have. */
  readonly newObjects: number;
}

export interface PathOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** To compare with an entry of DVC 2. Default `md5`. */
  readonly algorithm?: DataHash["algorithm"];
}

/**
 * Hashes a file or folder (absolute path), respecting `.dvcignore`; undefined where there is
 * nothing. Unchanged files are not read again.
 * Errors: SOURCE_CHANGED where a file changes meanwhile, DATA_NAME_INVALID, FILE_READ_FAILED, INTERRUPTED.
 */
export async function hashPath(
  repository: Repository,
  path: string,
  options: PathOptions = {},
): Promise<PathContent | undefined> {
  const { algorithm = "md5" } = options;
  const found = findData(repository, path);
  if (found === undefined) return undefined;
  const key = algorithm === "md5" ? path : `${path}\0${algorithm}`;
  const state = readState(repository, key);
  const known = state === undefined ? undefined : contentIfSame(found, state, algorithm);
  if (known !== undefined) return known;
  const { all } = await runFiles(found, state, workPlaceOf(repository), {
    label: `hash ${found.name}`,
    taskOf: (file) => ({ kind: "hash", path: file, algorithm }),
    isDone: () => true,
    options,
  });
  return (await remember(repository, key, { ...found, files: all }, algorithm)).content;
}

/** The hash of a path that did not change since it was last hashed; undefined where that is not known. */
export function knownHash(repository: Repository, path: string): DataHash | undefined {
  const found = findData(repository, path);
  const state = found === undefined ? undefined : readState(repository, path);
  return found === undefined || state === undefined ? undefined : contentIfSame(found, state, "md5")?.hash;
}

/** As `hashPath`; the content is in the cache afterwards, and linked from there as configured. */
export async function storePath(
  repository: Repository,
  path: string,
  options: PathOptions = {},
): Promise<StoredContent> {
  const found = findData(repository, path);
  if (found === undefined) throw readFailure(path, Object.assign(new Error("nothing there"), { code: "ENOENT" }));
  const place = workPlaceOf(repository);
  const { all, newObjects: newFiles } = await runFiles(found, readState(repository, path), place, {
    label: `add ${found.name}`,
    taskOf: (file) => ({ kind: "store", path: file }),
    isDone: (md5, sizeBytes) => !linksBack(place) && hasObject(objectIn(place, md5), sizeBytes),
    options,
  });
  const { content, tree } = await remember(repository, path, { ...found, files: all }, "md5");
  const isNewTree = tree !== undefined && putBytes(content.hash.md5, tree.bytes, place);
  const newObjects = newFiles + (isNewTree ? 1 : 0);
  // Else the work tree has the content too, and what a power cut tears is found by size or hash and written again.
  if (newObjects > 0 && linksBack(place)) await makeDurable(place);
  return { ...content, newObjects };
}

interface FileWork {
  readonly label: string;
  readonly taskOf: (path: string) => FileTask;
  /** Whether nothing is left to do for a file whose hash is known. */
  readonly isDone: (md5: string, sizeBytes: number) => boolean;
  readonly options: PathOptions;
}

/** The files with their hashes: known ones where the work is done, else what the work gives. */
async function runFiles(
  found: Found,
  state: KnownState | undefined,
  place: WorkPlace,
  { label, taskOf, isDone, options }: FileWork,
): Promise<{ readonly all: readonly HashedFile[]; readonly newObjects: number }> {
  const hashes = state === undefined ? new Map<string, string>() : knownHashes(state);
  const known = found.files.map(({ path, sizeBytes, stamp }) => {
    const md5 = hashes.get(`${stamp} ${path}`);
    return md5 !== undefined && isDone(md5, sizeBytes) ? md5 : undefined;
  });
  const tasks = found.files.flatMap(({ path, sizeBytes }, at): SizedTask | [] =>
    known[at] === undefined ? { task: taskOf(found.pathOf(path)), sizeBytes } : [],
  );
  const results = await runTasks(tasks, place, { label, ...options });
  let next = 0;
  const all = found.files.map((file, at): HashedFile => {
    const md5 = known[at];
    return md5 === undefined ? { ...file, ...results[next++]! } : { ...file, md5 };
  });
  return { all, newObjects: results.filter(({ isNew }) => isNew).length };
}

interface HashedFile extends FoundFile {
  readonly md5: string;
}

type HashedPath = Omit<Found, "files"> & { readonly files: readonly HashedFile[] };

interface Found {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isExecutable: boolean;
  readonly files: readonly FoundFile[];
  pathOf(name: string): string;
}

function findData(repository: Repository, path: string): Found | undefined {
  const stats = statIfThere(path);
  if (stats === undefined) return undefined;
  const fromRoot = relative(repository.root, path).split(sep).join("/");
  if (stats.isDirectory()) {
    const rules = openIgnoreRules(repository.root);
    enterAbove(rules, fromRoot);
    const files = walkData({ folder: path, fromRoot, rules });
    return { name: fromRoot, isFolder: true, isExecutable: false, files, pathOf: (name) => `${path}/${name}` };
  }
  if (!stats.isFile()) {
    throw new AppError("FILE_READ_FAILED", {
      required: "a file or folder",
      received: "a pipe, socket or device",
      where: path,
    });
  }
  return {
    name: fromRoot,
    isFolder: false,
    isExecutable: (stats.mode & 0o100n) !== 0n,
    files: [{ path: "", ...foundFrom(stats, Date.now()) }],
    pathOf: () => path,
  };
}

function statIfThere(path: string): BigIntStats | undefined {
  try {
    const stats = lstatSync(path, { bigint: true });
    return stats.isSymbolicLink() ? statSync(path, { bigint: true }) : stats;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return undefined;
    throw readFailure(path, error);
  }
}

function contentIfSame(found: Found, state: KnownState, algorithm: DataHash["algorithm"]): PathContent | undefined {
  const listing = listingOf(found.files);
  if (listing !== state.listing || /(^|\0)- /.test(listing)) return undefined;
  return contentOf(found, state.md5, algorithm, () =>
    found.files.map(({ path }, at) => ({ path, md5: state.hashes.slice(32 * at, 32 * at + 32) })),
  );
}

function contentOf(
  found: Found,
  md5: string,
  algorithm: DataHash["algorithm"],
  files: () => readonly TreeFile[],
): PathContent {
  return {
    hash: { md5, algorithm },
    sizeBytes: found.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    fileCount: found.files.length,
    isExecutable: found.isExecutable,
    ...(found.isFolder && { files }),
  };
}

/** Writes what was found into the state file. Of a folder, its tree is given too. */
async function remember(
  repository: Repository,
  key: string,
  found: HashedPath,
  algorithm: DataHash["algorithm"],
): Promise<{ readonly content: PathContent; readonly tree?: EncodedTree }> {
  const { files } = found;
  const list = files.map(({ path, md5 }) => ({ path, md5 }));
  const tree = found.isFolder ? encodeTree(list) : undefined;
  const md5 = tree?.md5 ?? files[0]!.md5;
  await writeState(repository, key, {
    md5,
    listing: listingOf(files),
    hashes: files.map((file) => file.md5).join(""),
  });
  return { content: contentOf(found, md5, algorithm, () => list), ...(tree && { tree }) };
}

/**
 * After a check-out: what the files hold is known where they still have the stamps that they were
 * written with, and where they were known before and have not changed.
 */
export async function rememberCheckout(
  repository: Repository,
  path: string,
  written: ReadonlyMap<string, FileResult>,
): Promise<void> {
  const found = findData(repository, path);
  if (found === undefined) return;
  const state = readState(repository, path);
  const before = state === undefined ? new Map<string, string>() : knownHashes(state);
  const files = found.files.map((file): HashedFile => {
    const one = written.get(file.path);
    const md5 = one?.stamp === file.stamp ? one.md5 : before.get(`${file.stamp} ${file.path}`);
    return md5 === undefined ? { ...file, md5: "0".repeat(32), isSettled: false } : { ...file, md5 };
  });
  await remember(repository, path, { ...found, files }, "md5");
}
