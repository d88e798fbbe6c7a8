/** What differs between two versions of the data: outputs, and files inside folders. */
import { join } from "node:path";
import { byCodeUnits } from "../../base/by-code-units.ts";
import { hashPath } from "../cache/hash-path.ts";
import { missingObjects, readTree } from "../cache/object-cache.ts";
import { type DataHash, isFolderHash, isSameHash, type TreeFile } from "../data-hash.ts";
import { readOutputs, type TrackedOutput } from "../outputs.ts";
import { openRevision, openWorkTree } from "../repo/metadata-tree.ts";
import type { Repository } from "../repo/repository.ts";
import type { DataOptions } from "./data-options.ts";
import { resolveTargets } from "./targets.ts";

/** Paths are from the repository's root; those of folders end with a slash, as DVC writes them. */
export interface RenamedFile {
  readonly old: string;
  readonly new: string;
}

/** One side of an output: its files, where the cache has their list or they are in the work tree. */
export interface DiffSide {
  readonly md5: string;
  /** Hashes of another algorithm are other names for content: they are never equal. */
  readonly algorithm: DataHash["algorithm"];
  /** Of a file, itself with an empty path. Absent where the list of files is not in the cache. */
  readonly files?: readonly TreeFile[];
}

/** An output that is another one in the two versions. */
export interface OutputDiff {
  readonly path: string;
  readonly before?: DiffSide;
  readonly after?: DiffSide;
}

export interface DataDiff {
  /** `v1.0`, `work tree`. */
  readonly before: string;
  readonly after: string;
  readonly added: readonly string[];
  readonly deleted: readonly string[];
  readonly modified: readonly string[];
  readonly renamed: readonly RenamedFile[];
  /** Folders of which the list of files is not in the cache: they are compared as a whole. */
  readonly notInCache: readonly string[];
  readonly outputs: readonly OutputDiff[];
  /** Whether the targets name a path, which may be a part of an output. */
  isChosen(path: string): boolean;
}

export interface DiffOptions extends DataOptions {
  /** Paths to look at; everything unless given. */
  readonly targets?: readonly string[];
}

/**
 * `before` is a Git revision, HEAD unless given; `after` is one too, or the work tree unless given.
 * Errors: GIT_REVISION_UNKNOWN, DATA_NOT_TRACKED, those of `readOutputs` and `hashPath`.
 */
export async function diffData(
  repository: Repository,
  before = "HEAD",
  after?: string,
  { targets = [], folder = ".", ...options }: DiffOptions = {},
): Promise<DataDiff> {
  const [oldTree, newTree] = [await treeAt(repository, before), await treeAt(repository, after)];
  const [oldOutputs, newOutputs] = [await readOutputs(oldTree), await readOutputs(newTree)];
  const chosen =
    targets.length === 0 ? undefined : resolveTargets(repository, [...oldOutputs, ...newOutputs], targets, { folder });
  const wanted = chosen && new Set(chosen.map(({ output }) => output.path));
  const isWanted = ({ path, isCached }: TrackedOutput): boolean => isCached && (wanted?.has(path) ?? true);
  const old = await sidesOf(repository, oldOutputs.filter(isWanted), before, options);
  const now = await sidesOf(repository, newOutputs.filter(isWanted), after, options);
  const outputs = [...new Set([...old.keys(), ...now.keys()])].sort(byCodeUnits).flatMap((path): OutputDiff[] => {
    const [left, right] = [old.get(path), now.get(path)];
    if (left?.md5 === right?.md5 && left?.algorithm === right?.algorithm) return [];
    return [{ path, ...(left && { before: left }), ...(right && { after: right }) }];
  });
  const isChosen = choice(
    chosen?.map(({ output, inside }) => (inside === undefined ? output.path : `${output.path}/${inside}`)),
  );
  return { before, after: after ?? "work tree", ...changesOf(outputs, isChosen), outputs, isChosen };
}

function treeAt(repository: Repository, revision: string | undefined) {
  return revision === undefined ? openWorkTree(repository) : openRevision(repository, revision);
}

async function sidesOf(
  repository: Repository,
  outputs: readonly TrackedOutput[],
  revision: string | undefined,
  options: DataOptions,
): Promise<ReadonlyMap<string, DiffSide>> {
  const sides = new Map<string, DiffSide>();
  for (const { path, hash } of outputs) {
    if (revision === undefined) {
      const current = await hashPath(repository, join(repository.root, path), {
        ...options,
        ...(hash && { algorithm: hash.algorithm }),
      });
      if (current === undefined) continue;
      sides.set(path, {
        ...(hash !== undefined && isSameHash(current.hash, hash) ? hash : current.hash),
        files: current.files?.() ?? [{ md5: current.hash.md5, path: "" }],
      });
    } else if (hash !== undefined && !isFolderHash(hash))
      sides.set(path, { ...hash, files: [{ md5: hash.md5, path: "" }] });
    else if (hash !== undefined) {
      const isThere = missingObjects(repository, [hash]).length === 0;
      sides.set(path, { ...hash, ...(isThere && { files: await readTree(repository, hash) }) });
    }
  }
  return sides;
}

/** What a path or a folder around it names. */
function choice(chosen: readonly string[] | undefined): (path: string) => boolean {
  if (chosen === undefined) return () => true;
  const names = new Set(chosen);
  return (path) => {
    for (let part = path.replace(/\/$/, ""); part !== ""; part = part.slice(0, Math.max(0, part.lastIndexOf("/")))) {
      if (names.has(part)) return true;
    }
    return false;
  };
}

type Changes = Omit<DataDiff, "before" | "after" | "outputs" | "isChosen">;

/** Folders are entries too, beside their files. */
function changesOf(outputs: readonly OutputDiff[], isChosen: DataDiff["isChosen"]): Changes {
  const added = new Map<string, string>();
  const deleted = new Map<string, string>();
  const modified: string[] = [];
  const notInCache: string[] = [];
  for (const { path, before, after } of outputs) {
    const isUnknown = [before, after].some((side) => side !== undefined && side.files === undefined);
    if (isUnknown) notInCache.push(`${path}/`);
    const old = entriesOf(path, before, isUnknown);
    const now = entriesOf(path, after, isUnknown);
    for (const [key, entry] of now) {
      if (!isChosen(key)) continue;
      const previous = old.get(key);
      if (previous === undefined) added.set(entry.name, entry.hash);
      else if (previous.hash !== entry.hash) modified.push(previous.name);
    }
    for (const [key, entry] of old) if (isChosen(key) && !now.has(key)) deleted.set(entry.name, entry.hash);
  }
  const renamed = pairRenamed(added, deleted);
  const sorted = (names: Iterable<string>): readonly string[] => [...names].sort(byCodeUnits);
  return {
    added: sorted(added.keys()),
    deleted: sorted(deleted.keys()),
    modified: sorted(modified),
    renamed,
    notInCache,
  };
}

interface Entry {
  /** That of a folder ends in a slash. */
  readonly name: string;
  readonly hash: string;
}

/** By path without a slash at the end: a file may have become a folder. */
function entriesOf(path: string, side: DiffSide | undefined, isWhole: boolean): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  if (side === undefined) return entries;
  const hashOf = (md5: string): string => `${side.algorithm} ${md5}`;
  entries.set(path, { name: side.md5.endsWith(".dir") ? `${path}/` : path, hash: hashOf(side.md5) });
  for (const file of isWhole ? [] : (side.files ?? [])) {
    const name = fileName(path, file);
    if (name !== path) entries.set(name, { name, hash: hashOf(file.md5) });
  }
  return entries;
}

function fileName(path: string, file: TreeFile): string {
  return file.path === "" ? path : `${path}/${file.path}`;
}

/** Takes what has the same content out of both, one for one, in order of their paths. */
function pairRenamed(added: Map<string, string>, deleted: Map<string, string>): readonly RenamedFile[] {
  const byContent = new Map<string, string[]>();
  for (const [path, hash] of [...deleted].sort(byParts).reverse()) {
    const same = byContent.get(hash);
    if (same === undefined) byContent.set(hash, [path]);
    else same.push(path);
  }
  const renamed: RenamedFile[] = [];
  for (const [now, hash] of [...added].sort(byParts)) {
    const old = byContent.get(hash)?.pop();
    if (old === undefined) continue;
    renamed.push({ old, new: now });
    added.delete(now);
    deleted.delete(old);
  }
  return renamed.sort((a, b) => byCodeUnits(a.old, b.old));
}

/** Folder by folder, as DVC compares paths. */
function byParts([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return byCodeUnits(a.replaceAll("/", "\0"), b.replaceAll("/", "\0"));
}
