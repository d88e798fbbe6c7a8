/** What differs between the data that is tracked and the work tree. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { byCodeUnits } from "../../base/by-code-units.ts";
import { gitText, runGit } from "../../base/run-git.ts";
import { hashPath, type PathContent } from "../cache/hash-path.ts";
import { missingObjects, readTreeIfWhole } from "../cache/object-cache.ts";
import { type DataHash, isFolderHash, isSameHash, type TreeFile } from "../data-hash.ts";
import { readOutputs } from "../outputs.ts";
import { openWorkTree } from "../repo/metadata-tree.ts";
import type { Repository } from "../repo/repository.ts";
import type { DataOptions, TrackedDataOptions } from "./data-options.ts";
import { resolveTargets, type Target } from "./targets.ts";

/**
 * `new` has no hash yet, `deleted` is not in the work tree, `not-in-cache` is as it should be, but some of
 * its content could not be restored from here.
 */
export const dataStates = ["clean", "modified", "deleted", "new", "not-in-cache"] as const;
export type DataState = (typeof dataStates)[number];

/** Names of files inside a folder, from it. */
export interface FileChanges {
  readonly added: readonly string[];
  readonly modified: readonly string[];
  readonly deleted: readonly string[];
}

export interface OutputStatus {
  /** From the repository's root; where a part of a folder was asked for, that part. */
  readonly path: string;
  /** The `.dvc` file, or the dvc.yaml and the stage. */
  readonly file: string;
  readonly stage?: string;
  readonly state: DataState;
  /** Of a folder that was modified, where the cache has its list of files. */
  readonly changes?: FileChanges;
  /** Objects of what is recorded that the cache lacks; absent where there are none. */
  readonly missingObjects?: number;
}

export interface DataStatus {
  readonly outputs: readonly OutputStatus[];
  /** Files that describe data and are not committed in Git as they are, from the repository's root. */
  readonly uncommitted: readonly string[];
  /** Whether all outputs are clean. As with DVC, Git's view has no part in it. */
  readonly isClean: boolean;
}

/** Errors: DATA_NOT_TRACKED, those of `readOutputs` and `hashPath`. */
export async function dataStatus(
  repository: Repository,
  targets: readonly string[] = [],
  { folder = ".", glob = false, ...options }: TrackedDataOptions = {},
  tree = openWorkTree(repository),
): Promise<DataStatus> {
  // Git looks at its own files meanwhile.
  const uncommitted = uncommittedFiles(repository);
  uncommitted.catch(() => undefined); // awaited below
  const all = await readOutputs(tree);
  const outputs: OutputStatus[] = [];
  for (const target of resolveTargets(repository, all, targets, { folder, glob })) {
    outputs.push(await statusOf(repository, target, options));
  }
  const isClean = outputs.every(({ state }) => state === "clean");
  return { outputs, uncommitted: await uncommitted, isClean };
}

async function statusOf(
  repository: Repository,
  { output, inside }: Target,
  options: DataOptions,
): Promise<OutputStatus> {
  const { path, hash, origin, isCached } = output;
  const named = {
    path: inside === undefined ? path : `${path}/${inside}`,
    file: origin.file,
    ...(origin.kind === "stage" && { stage: origin.stage.name }),
  };
  const absolute = join(repository.root, path);
  if (hash === undefined) return { ...named, state: existsSync(absolute) ? "new" : "deleted" };
  const current = await hashPath(repository, absolute, { ...options, algorithm: hash.algorithm });
  const isSame = current !== undefined && isSameHash(current.hash, hash);
  const recorded = await recordedFiles(repository, hash, isSame ? current : undefined);
  const missing = isCached ? missingOf(repository, hash, recorded) : 0;
  const rest = missing > 0 ? { missingObjects: missing } : {};
  const isGone = !existsSync(join(absolute, inside ?? ""));
  const changes = isSame ? undefined : changesIn(recorded, current?.files?.(), inside);
  const isLevel = isSame || (inside !== undefined && changes !== undefined && countOf(changes) === 0);
  if (isLevel && !isGone) return { ...named, state: missing > 0 ? "not-in-cache" : "clean", ...rest };
  if (isGone) return { ...named, state: "deleted", ...rest };
  return { ...named, state: "modified", ...(changes && { changes }), ...rest };
}

/** Of a folder. Undefined where the cache has no list of its files, or a damaged one. */
async function recordedFiles(
  repository: Repository,
  hash: DataHash,
  same: PathContent | undefined,
): Promise<readonly TreeFile[] | undefined> {
  if (!isFolderHash(hash)) return undefined;
  return same?.files?.() ?? readTreeIfWhole(repository, hash);
}

function missingOf(repository: Repository, hash: DataHash, files: readonly TreeFile[] = []): number {
  const { algorithm } = hash;
  const wanted = new Set([hash.md5, ...files.map(({ md5 }) => md5)]);
  return missingObjects(
    repository,
    [...wanted].map((md5) => ({ md5, algorithm })),
  ).length;
}

function changesIn(
  before: readonly TreeFile[] | undefined,
  after: readonly TreeFile[] | undefined,
  inside: string | undefined,
): FileChanges | undefined {
  if (before === undefined || after === undefined) return undefined;
  const isWanted = ({ path }: TreeFile): boolean =>
    inside === undefined || path === inside || path.startsWith(`${inside}/`);
  return compareTrees(before.filter(isWanted), after.filter(isWanted));
}

export function countOf({ added, modified, deleted }: FileChanges): number {
  return added.length + modified.length + deleted.length;
}

async function uncommittedFiles({ root, hasGit }: Repository): Promise<readonly string[]> {
  if (!hasGit) return [];
  const names = ["*.dvc", "dvc.yaml", "dvc.lock", ".gitignore", ".dvcignore"];
  const patterns = [...names.map((name) => `:(glob)**/${name}`), ":(glob).dvc/config"];
  const words = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", ...patterns];
  // Paths are from the top of the Git repository, which may lie above.
  const [{ output }, prefix] = await Promise.all([runGit(root, words), gitText(root, ["rev-parse", "--show-prefix"])]);
  return output
    .toString("utf8")
    .split("\0")
    .map((row) => row.slice(3))
    .filter((path) => path !== "" && path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
    .sort(byCodeUnits);
}

export function compareTrees(before: readonly TreeFile[], after: readonly TreeFile[]): FileChanges {
  const old = new Map(before.map(({ path, md5 }) => [path, md5]));
  const now = new Map(after.map(({ path, md5 }) => [path, md5]));
  return {
    added: [...now.keys()].filter((path) => !old.has(path)).sort(),
    modified: [...now]
      .filter(([path, md5]) => old.has(path) && old.get(path) !== md5)
      .map(([path]) => path)
      .sort(),
    deleted: [...old.keys()].filter((path) => !now.has(path)).sort(),
  };
}
