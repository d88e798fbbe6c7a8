/** Garbage collection: removes content that no version names any more. */
import { rmSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError } from "../../base/errors.ts";
import { readFailure, systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { counted } from "../../base/quantity.ts";
import { forEachInParallel } from "../../image/in-parallel.ts";
import { reservedStart } from "../../storage/object-key.ts";
import type { DataHash } from "../data-hash.ts";
import type { RevisionChoice } from "../repo/metadata-tree.ts";
import { openRepository } from "../repo/open-repository.ts";
import type { Repository } from "../repo/repository.ts";
import { withRepositoryLock } from "../repo/repository-lock.ts";
import { type Kept, keptContent } from "./gc-keep.ts";
import { versionsInUse } from "./gc-versions.ts";
import { openRemote, type Remote } from "./open-remote.ts";
import { presentObjects } from "./present-objects.ts";

export interface GcOptions extends RevisionChoice {
  /** Keep what the work tree names, and nothing else that is not in use. */
  readonly workspace?: boolean;
  /** Remove from the remote, too. */
  readonly cloud?: boolean;
  /** The remote of `cloud` and `notInRemote`; the default one unless given. */
  readonly remote?: string;
  /** Remove what the remote has, too: it can be fetched again. */
  readonly notInRemote?: boolean;
  /** Folders of further repositories that share the cache. */
  readonly projects?: readonly string[];
  /** Say what would be removed, and remove nothing. */
  readonly dryRun?: boolean;
  /** Go on where the list of files of some folder is nowhere; its files may be removed. */
  readonly allowMissing?: boolean;
  readonly jobs?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly onWait?: (who: string) => void;
}

export interface GarbageObject {
  /** Below the cache or the remote: `files/md5/de/7371b0...`. */
  readonly key: string;
  readonly sizeBytes: number;
}

export interface GcPlace {
  /** The cache's folder, or the remote's address. */
  readonly location: string;
  readonly kind: "cache" | "remote";
  readonly removed: readonly GarbageObject[];
  readonly removedBytes: number;
  /** Objects that stay. */
  readonly kept: number;
}

export interface GcReport {
  readonly isDryRun: boolean;
  /** Versions that were looked at: `work tree`, `index`, branches, tags, commits. */
  readonly versions: readonly string[];
  readonly places: readonly GcPlace[];
}

/**
 * Removes objects that are named by none of the chosen versions, nor by the work trees, the indexes
 * and the stashes of the Git repository, which are always kept. Folders go before their files, so
 * that what is left after an interruption is whole.
 * Errors: ARGUMENT_INVALID; DATA_OBJECT_MISSING where a folder's files are not known;
 * DATA_FILE_INVALID and others where a version cannot be read: nothing is removed then; LOCKED,
 * FILE_WRITE_FAILED, STORE_FAILED, INTERRUPTED.
 */
export async function collectGarbage(repository: Repository, options: GcOptions): Promise<GcReport> {
  requireArguments(options);
  const { projects = [], signal, onWait } = options;
  const repositories = [repository];
  for (const folder of projects) {
    const other = await openRepository(folder);
    if (repositories.every(({ root }) => root !== other.root)) repositories.push(other);
  }
  if (projects.length === 0) requireOwnCache(repository);
  const locked = repositories.reduceRight<() => Promise<GcReport>>(
    (work, one) => () =>
      withRepositoryLock(one, "pawprint data gc", work, { ...(signal && { signal }), ...(onWait && { onWait }) }),
    () => collect(repository, repositories, options),
  );
  return locked();
}

async function collect(
  repository: Repository,
  repositories: readonly Repository[],
  options: GcOptions,
): Promise<GcReport> {
  const { cloud = false, notInRemote = false, signal, dryRun = false, progress = silentProgress } = options;
  const remote = await remoteFor(repository, options);
  const versions: string[] = [];
  const task = progress.start({ label: "read versions", unit: "versions" });
  try {
    async function* trees() {
      for (const one of repositories) {
        for await (const tree of versionsInUse(one, options)) {
          versions.push(tree.label);
          task.advance();
          yield tree;
        }
      }
    }
    const kept = await keptContent(repository, trees(), remote === undefined ? [] : [remote], signal);
    task.done();
    requireKnown(kept, options);
    const keys = new Map(kept.hashes);
    if (notInRemote && remote !== undefined) {
      for (const key of (await presentObjects(remote, [...keys.values()], signal)).keys()) keys.delete(key);
    }
    const places = [await cleanCache(repository, keys, dryRun, signal)];
    if (cloud && remote !== undefined) places.push(await cleanRemote(remote, kept.hashes, options));
    return { isDryRun: dryRun, versions, places };
  } catch (error) {
    task.fail();
    throw error;
  } finally {
    await remote?.store.close();
  }
}

/** Also for lists of files that the cache lacks. */
async function remoteFor(repository: Repository, options: GcOptions): Promise<Remote | undefined> {
  const { cloud = false, notInRemote = false, remote } = options;
  if (cloud || notInRemote) return openRemote(repository, remote);
  return repository.config.core.remote === undefined ? undefined : openRemote(repository);
}

function requireArguments(options: GcOptions): void {
  const { workspace, allBranches, allTags, allCommits, cloud, notInRemote, remote } = options;
  const refuse = (required: string, received: string, hint?: string): never => {
    throw new AppError("ARGUMENT_INVALID", { required, received, ...(hint !== undefined && { hint }) });
  };
  if (!workspace && !allBranches && !allTags && !allCommits) {
    refuse(
      "what is to be kept: `workspace`, `allBranches`, `allTags` or `allCommits`",
      "none of them",
      "give `workspace` to keep only what the work trees name, `allCommits` to keep every version",
    );
  }
  if (cloud && notInRemote) refuse("one of `cloud` and `notInRemote`", "both");
  if (remote !== undefined && !cloud && !notInRemote) refuse("`cloud` or `notInRemote` with `remote`", "neither");
}

/** A cache outside of the repository may be shared, and other repositories' content is not known. */
function requireOwnCache({ root, cacheFolder }: Repository): void {
  if (cacheFolder.startsWith(join(root, "/"))) return;
  throw new AppError("ARGUMENT_INVALID", {
    required: "the folders of all repositories that share the cache, as `projects`",
    received: "none, and a cache outside of the repository",
    where: cacheFolder,
    hint: "name them in `projects`; this repository's own folder where no other one uses the cache",
  });
}

function requireKnown({ unknown }: Kept, { allowMissing = false }: GcOptions): void {
  const [first] = unknown;
  if (first === undefined || allowMissing) return;
  throw new AppError("DATA_OBJECT_MISSING", {
    required: "the lists of files of all versions, in the cache or in the remote",
    received: `none of ${counted(unknown.length, "folder")}, the first ${first.md5}`,
    hint: "fetch them, or give `allowMissing` to remove their files where no other version has them",
  });
}

/** Names of objects, of DVC 3 and of DVC 2: what else is there is nobody's garbage. */
const objectKey = /^(?:files\/md5\/)?[0-9a-f]{2}\/[0-9a-f]{30}(?:\.dir)?$/;

async function cleanCache(
  { cacheFolder }: Repository,
  kept: ReadonlyMap<string, DataHash>,
  dryRun: boolean,
  signal: AbortSignal | undefined,
): Promise<GcPlace> {
  const garbage: GarbageObject[] = [];
  let keptCount = 0;
  for (const root of ["files/md5/", ""]) {
    for (const folder of (await namesIn(join(cacheFolder, root))).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
      throwIfCancelled(signal);
      for (const name of await namesIn(join(cacheFolder, root, folder))) {
        const key = `${root}${folder}/${name}`;
        if (kept.has(key)) keptCount++;
        else if (objectKey.test(key) || (name.startsWith(reservedStart) && (await isOld(join(cacheFolder, key))))) {
          const stats = await lstat(join(cacheFolder, key)).catch(() => undefined);
          if (stats?.isFile()) garbage.push({ key, sizeBytes: stats.size });
        }
      }
    }
  }
  for (const { key } of dryRun ? [] : foldersFirst(garbage)) {
    throwIfCancelled(signal);
    try {
      rmSync(join(cacheFolder, key), { force: true });
    } catch (error) {
      throw writeFailure(join(cacheFolder, key), error);
    }
  }
  return placeOf("cache", cacheFolder, garbage, keptCount);
}

/** A file that a killed process left unfinished; one that is written now is younger. */
async function isOld(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs > 24 * 3600 * 1000;
}

async function cleanRemote(
  remote: Remote,
  kept: ReadonlyMap<string, DataHash>,
  { dryRun = false, signal, jobs = remote.jobs }: GcOptions,
): Promise<GcPlace> {
  const { store, address } = remote;
  const garbage: GarbageObject[] = [];
  let keptCount = 0;
  for await (const { key, sizeBytes } of store.list("", signal && { signal })) {
    if (kept.has(key)) keptCount++;
    else if (objectKey.test(key)) garbage.push({ key, sizeBytes });
  }
  const remove = ({ key }: GarbageObject): Promise<void> => store.delete(key, signal && { signal });
  if (!dryRun) {
    const ordered = foldersFirst(garbage);
    const folders = ordered.filter(({ key }) => key.endsWith(".dir"));
    await forEachInParallel(folders, remove, { concurrency: jobs, signal });
    await forEachInParallel(ordered.slice(folders.length), remove, { concurrency: jobs, signal });
  }
  return placeOf("remote", address, garbage, keptCount);
}

function foldersFirst(objects: readonly GarbageObject[]): readonly GarbageObject[] {
  const isFolder = ({ key }: GarbageObject): boolean => key.endsWith(".dir");
  return [...objects.filter(isFolder), ...objects.filter((object) => !isFolder(object))];
}

function placeOf(kind: GcPlace["kind"], location: string, removed: readonly GarbageObject[], kept: number): GcPlace {
  const removedBytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { kind, location, removed, removedBytes, kept };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT" || systemCodeOf(error) === "ENOTDIR") return [];
    throw readFailure(folder, error);
  }
}
