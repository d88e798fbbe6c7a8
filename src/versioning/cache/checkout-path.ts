/** Brings a path of the work tree to what a hash names. */
import * as fs from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { AppError } from "../../base/errors.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import type { Progress } from "../../base/progress.ts";
import { type DataHash, isFolderHash } from "../data-hash.ts";
import type { Repository } from "../repo/repository.ts";
import type { FileResult } from "./file-work.ts";
import { hashPath, rememberCheckout } from "./hash-path.ts";
import { missingError, objectPath, readTree, setAside } from "./object-cache.ts";
import { findObstacles, removeEmptyFolders, removeObstacle } from "./obstacles.ts";
import { runTasks, type SizedTask } from "./run-tasks.ts";
import { workPlaceOf } from "./work-place.ts";

export interface CheckoutOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Overwrite and remove files whose content the cache does not have. */
  readonly force?: boolean;
  /** Make links anew, also where the content is right. */
  readonly relink?: boolean;
  readonly isExecutable?: boolean;
}

/** Counts of files. */
export interface CheckoutChanges {
  readonly added: number;
  readonly modified: number;
  readonly deleted: number;
}

const noChanges: CheckoutChanges = { added: 0, modified: 0, deleted: 0 };

/**
 * Makes the file or folder at `path` (absolute) what `hash` names; undefined removes it. All objects
 * must be in the cache before the first change; each is checked against its hash before a file gets
 * its name, and a file that is there is replaced whole.
 * Errors: DATA_OBJECT_MISSING, DATA_OBJECT_CORRUPT, DATA_UNSAVED, DATA_LINK_UNSUPPORTED,
 * FILE_WRITE_FAILED, INTERRUPTED.
 */
export async function checkoutPath(
  repository: Repository,
  path: string,
  hash: DataHash | undefined,
  options: CheckoutOptions = {},
): Promise<CheckoutChanges> {
  requireOwnPath(repository, path);
  const algorithm = hash?.algorithm ?? "md5";
  const current = await hashPath(repository, path, { ...options, algorithm });
  if (current?.hash.md5 === hash?.md5 && !options.relink) return noChanges;
  const wanted = new Map<string, string>();
  if (hash !== undefined && isFolderHash(hash)) {
    for (const file of await readTree(repository, hash)) wanted.set(file.path, file.md5);
  } else if (hash !== undefined) wanted.set("", hash.md5);
  const there = new Map((current?.files?.() ?? []).map((file) => [file.path, file.md5]));
  if (current !== undefined && current.files === undefined) there.set("", current.hash.md5);

  const writes = [...wanted].filter(([name, md5]) => options.relink || there.get(name) !== md5);
  const removals = [...there.keys()].filter((name) => !wanted.has(name));
  const mode = options.isExecutable ? 0o766 : 0o666;
  const tasks = tasksOf(repository, path, writes, { algorithm, mode });
  const changed = writes.map(([name]) => name).filter((name) => there.get(name) !== wanted.get(name));
  const obstacles = findObstacles(path, changed, there);
  if (!options.force) {
    const going = [...changed, ...removals].filter((name) => there.has(name));
    const unsaved = await unsavedOf(repository, going, there, { ...options, algorithm });
    requireNothingLost(path, [...unsaved, ...obstacles.lost]);
  }

  removeFiles(path, removals);
  for (const name of obstacles.inTheWay) removeObstacle(join(path, name), options.force ?? false);
  const wantsFolder = hash !== undefined && isFolderHash(hash);
  if (wantsFolder) makeFolder(path);
  const place = workPlaceOf(repository);
  const results = await runTasks(tasks, place, { label: `check out ${relative(repository.root, path)}`, ...options });
  if (hash === undefined && options.force) removeObstacle(path, true);
  else if (hash === undefined) removeEmptyFolders(path);
  await refuseCorrupt(repository, writes, results, algorithm);
  if (hash !== undefined && algorithm === "md5") {
    await rememberCheckout(repository, path, new Map(writes.map(([name], at) => [name, results[at]!])));
  }
  if (options.isExecutable && !wantsFolder) fs.chmodSync(path, fs.statSync(path).mode | 0o100);
  return {
    added: writes.filter(([name]) => !there.has(name)).length,
    modified: writes.filter(([name]) => there.has(name)).length,
    deleted: there.size - [...there.keys()].filter((name) => wanted.has(name)).length,
  };
}

/** Errors: DATA_OBJECT_MISSING, with the number of objects that are not in the cache. */
function tasksOf(
  repository: Repository,
  path: string,
  writes: readonly (readonly [string, string])[],
  { algorithm, mode }: { readonly algorithm: DataHash["algorithm"]; readonly mode: number },
): readonly SizedTask[] {
  const missing: string[] = [];
  const tasks = writes.map(([name, md5]): SizedTask => {
    const hash = { md5, algorithm };
    const object = objectPath(repository, hash);
    const stats = fs.statSync(object, { throwIfNoEntry: false });
    if (stats === undefined) missing.push(md5);
    return {
      task: { kind: "check-out", path: name === "" ? path : join(path, name), hash, object, mode },
      sizeBytes: stats?.size ?? 0,
    };
  });
  if (missing.length > 0) throw missingError(new Set(missing).size, missing[0]!, repository.cacheFolder);
  return tasks;
}

/**
 * From the repository's root down, no folder may be a symbolic link: it could lead anywhere. Nor may
 * the data itself be a link to a folder.
 */
function requireOwnPath({ root }: Repository, path: string): void {
  const names = relative(root, path).split(sep);
  for (const at of names.keys()) {
    const part = join(root, ...names.slice(0, at + 1));
    const stats = fs.lstatSync(part, { throwIfNoEntry: false });
    if (stats === undefined || stats.isDirectory()) continue;
    const isLink = stats.isSymbolicLink();
    if (at === names.length - 1 && !(isLink && fs.statSync(part, { throwIfNoEntry: false })?.isDirectory())) continue;
    throw new AppError("FILE_WRITE_FAILED", {
      required: "a path of folders inside the repository",
      received: isLink ? "a symbolic link" : "a file",
      where: part,
      hint: "replace it by a folder",
    });
  }
}

/**
 * Of files that would go, those whose content the cache does not have. Its objects are read: a
 * damaged one is not what the user has, and is set aside.
 */
async function unsavedOf(
  repository: Repository,
  going: readonly string[],
  there: ReadonlyMap<string, string>,
  options: CheckoutOptions & { readonly algorithm: DataHash["algorithm"] },
): Promise<readonly string[]> {
  const { algorithm } = options;
  const sizes = new Map<string, number | undefined>();
  for (const name of going) {
    const md5 = there.get(name)!; // all of them are
    if (sizes.has(md5)) continue;
    sizes.set(md5, fs.statSync(objectPath(repository, { md5, algorithm }), { throwIfNoEntry: false })?.size);
  }
  const saved = [...sizes].filter(([, size]) => size !== undefined);
  const tasks = saved.map(([md5, sizeBytes = 0]): SizedTask => {
    return { task: { kind: "hash", path: objectPath(repository, { md5, algorithm }), algorithm }, sizeBytes };
  });
  const results = await runTasks(tasks, workPlaceOf(repository), { label: "check the cache", ...options });
  for (const [at, [md5]] of saved.entries()) {
    const found = results[at]!.md5;
    if (found === md5) continue;
    await setAside(objectPath(repository, { md5, algorithm }), md5, found);
    sizes.set(md5, undefined);
  }
  return going.filter((name) => sizes.get(there.get(name)!) === undefined);
}

function requireNothingLost(path: string, lost: readonly string[]): void {
  if (lost.length === 0) return;
  const where = relative(process.cwd(), path) || path;
  throw new AppError("DATA_UNSAVED", {
    required: "files that some data version has",
    received: `${lost.length} that would be lost, the first ${join(where, lost[0]!)}`,
    where,
    hint: "keep them with `pawprint data commit`, or give them up with `force`",
  });
}

function removeFiles(path: string, names: readonly string[]): void {
  const folders = new Set<string>();
  for (const name of names) {
    const file = name === "" ? path : join(path, name);
    try {
      fs.rmSync(file, { force: true });
    } catch (error) {
      throw writeFailure(file, error);
    }
    for (let at = dirname(file); at.length > path.length; at = dirname(at)) folders.add(at);
  }
  // The deepest first. A folder that the user keeps something in, ignored files too, stays.
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    try {
      fs.rmdirSync(folder);
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(systemCodeOf(error) ?? "")) throw writeFailure(folder, error);
    }
  }
}

function makeFolder(path: string): void {
  try {
    fs.mkdirSync(path, { recursive: true });
  } catch (error) {
    throw writeFailure(path, error);
  }
}

async function refuseCorrupt(
  repository: Repository,
  writes: readonly (readonly [string, string])[],
  results: readonly FileResult[],
  algorithm: DataHash["algorithm"],
): Promise<void> {
  let first: AppError | undefined;
  for (const [at, { corrupt }] of results.entries()) {
    if (corrupt === undefined) continue;
    const [, md5] = writes[at]!;
    const error = await setAside(objectPath(repository, { md5, algorithm }), md5, corrupt);
    first ??= error;
  }
  if (first) throw first;
}
