/** Puts files and folders under version: content into the cache, `.dvc` files beside them. */
import { existsSync, lstatSync } from "node:fs";
import { basename, join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { runGit } from "../../base/run-git.ts";
import { shellPath } from "../../base/shell-word.ts";
import { putBytes } from "../cache/file-work.ts";
import { type StoredContent, storePath } from "../cache/hash-path.ts";
import { readTree } from "../cache/object-cache.ts";
import { workPlaceOf } from "../cache/work-place.ts";
import { isFolderHash, type TreeFile } from "../data-hash.ts";
import { encodeTree } from "../formats/dir-object.ts";
import { type DvcFile, type DvcOutput, parseDvcFile } from "../formats/dvc-file.ts";
import { hasOwnName, isImport, originText, outputAround, readOutputs, type TrackedOutput } from "../outputs.ts";
import { ignoreInGit } from "../repo/git-ignore.ts";
import { filesInGit } from "../repo/git-index.ts";
import { isIgnoredPath, openIgnoreRules } from "../repo/ignore-rules.ts";
import { openWorkTree } from "../repo/metadata-tree.ts";
import type { Repository } from "../repo/repository.ts";
import { withRepositoryLock } from "../repo/repository-lock.ts";
import type { DataOptions } from "./data-options.ts";
import { fromRoot, pathOfTarget } from "./targets.ts";
import { noteWorkPaths } from "./work-paths.ts";
import { newOutput, outputOf, stage, writeOutput } from "./write-output.ts";

/** What became of one path. */
export interface AddedData {
  /** From the repository's root. */
  readonly path: string;
  readonly file: string;
  readonly md5: string;
  /** Of all of the output. Absent where a part of a folder changed: DVC keeps no size then. */
  readonly sizeBytes?: number;
  readonly fileCount: number;
  /** Objects that the cache did not have. */
  readonly newObjects: number;
  /** Whether the `.dvc` file is another one than before. */
  readonly isChanged: boolean;
}

export interface Addition {
  readonly added: readonly AddedData[];
  /** Files for Git, from the repository's root. */
  readonly changedFiles: readonly string[];
}

/**
 * As `dvc add`: content first, then `.gitignore`, then the `.dvc` file. A path inside a folder that
 * is tracked brings that folder up to date there.
 * Errors: FILE_NOT_FOUND, DATA_OVERLAP, DATA_NAME_INVALID, SOURCE_CHANGED, LOCKED, FILE_WRITE_FAILED.
 */
export async function addData(
  repository: Repository,
  paths: readonly string[],
  options: DataOptions = {},
): Promise<Addition> {
  const { folder = ".", ...rest } = options;
  return withRepositoryLock(
    repository,
    "pawprint data add",
    async () => {
      const outputs = await readOutputs(openWorkTree(repository));
      const places = planned(paths.map((path) => placeOf(repository, outputs, folder, path)));
      await refuseTrackedByGit(
        repository,
        places.filter(({ tracked }) => tracked === undefined),
      );
      const added: AddedData[] = [];
      const changed = new Set<string>();
      for (const place of places) {
        const one = await addOne(repository, await latestOf(repository, place), rest);
        for (const file of await ignoreInGit(repository, [join(repository.root, place.output)])) {
          changed.add(fromRoot(repository, file));
        }
        const isChanged = await writeOutput(repository, place.file, place.content, [outputOf(one, place.row)]);
        if (isChanged) changed.add(place.file);
        const { hash, sizeBytes, fileCount, newObjects } = one;
        const size = sizeBytes === undefined ? {} : { sizeBytes };
        added.push({ path: place.path, file: place.file, md5: hash.md5, ...size, fileCount, newObjects, isChanged });
      }
      await noteWorkPaths(
        repository,
        places.map((place) => place.output),
      );
      await stage(repository, [...changed]);
      return { added, changedFiles: [...changed].sort() };
    },
    rest,
  );
}

interface Place {
  /** All from the repository's root: what was named, and the output that it is or lies in. */
  readonly path: string;
  readonly output: string;
  readonly file: string;
  readonly content: DvcFile;
  readonly row: ReturnType<typeof newOutput>;
  readonly tracked?: TrackedOutput;
}

const noFile: DvcFile = { isFrozen: false, workFolder: ".", deps: [], outs: [] };

function placeOf(repository: Repository, outputs: readonly TrackedOutput[], folder: string, where: string): Place {
  const path = pathOfTarget(repository, folder, where);
  requireDataName(path, where);
  const tracked = outputAround(outputs, path);
  requireThere(repository, path, where, tracked !== undefined && tracked.path !== path);
  const { origin } = tracked ?? {};
  if (tracked && origin?.kind === "stage") {
    const hint = "run the stage with `pawprint repro`, or keep what is there with `pawprint data commit`";
    throw overlap("data that no stage makes", `an output of the stage ${origin.stage.name}`, where, hint);
  }
  if (tracked && isImport(tracked)) {
    throw overlap("data of this repository", `an import, by ${tracked.origin.file}`, where, "remove the import first");
  }
  if (tracked === undefined) requireFree(repository, outputs, path, where);
  if (tracked === undefined || origin?.kind !== "dvc-file") {
    return { path, output: path, file: `${path}.dvc`, content: noFile, row: newOutput(basename(path)) };
  }
  const row = origin.content.outs.find((output) => output.path === tracked.writtenPath)!; // it came from there
  return { path, output: tracked.path, file: origin.file, content: origin.content, row, tracked };
}

/** What is done twice, or as a part of another target, is done once. Errors: DATA_OVERLAP. */
function planned(places: readonly Place[]): readonly Place[] {
  const byPath = new Map(places.map((place) => [place.path, place]));
  const isInOther = ({ path }: Place): boolean =>
    [...path.matchAll(/\//g)].some(({ index }) => byPath.has(path.slice(0, index)));
  return [...byPath.values()].filter((place) => !isInOther(place));
}

/** Of two parts of one folder, the second finds what the first wrote. */
async function latestOf(repository: Repository, place: Place): Promise<Place> {
  if (place.tracked === undefined) return place;
  const bytes = await openWorkTree(repository).read(place.file);
  if (bytes === undefined) return place;
  const content = parseDvcFile(bytes, place.file);
  return { ...place, content, row: content.outs.find(({ path }) => path === place.row.path) ?? place.row };
}

function requireDataName(path: string, where: string): void {
  if (path === "" || hasOwnName(path)) {
    const received = path === "" ? "the whole repository" : "a path inside of .git or .dvc";
    throw unfit("a file or folder of data", received, where, "name the folder that holds the data");
  }
  const name = basename(path);
  if (name.endsWith(".dvc") || /^(dvc\.(yaml|lock)|\.gitignore|\.dvcignore)$/.test(name)) {
    const hint = name.endsWith(".dvc") ? `name the data itself: ${where.slice(0, -4)}` : "keep it in Git";
    throw unfit("a file or folder of data", "a file that describes data", where, hint);
  }
  if (/[\n\r]/.test(path)) throw unfit("a name without line breaks", "a name with one", where, "rename it");
}

/** It exists, and no folder above it is a link, which could lead anywhere. */
function requireThere({ root }: Repository, path: string, where: string, isPart: boolean): void {
  const absolute = join(root, path);
  // A part of a folder may be gone: it is taken out of the folder then.
  if (!isPart && !existsSync(absolute)) {
    throw readFailure(where, Object.assign(new Error("nothing there"), { code: "ENOENT" }));
  }
  const names = path.split("/");
  for (const at of names.keys()) {
    const part = names.slice(0, at + 1).join("/");
    const isLast = at === names.length - 1;
    const stats = lstatSync(join(root, part), { throwIfNoEntry: false });
    if (!stats?.isSymbolicLink() || (isLast && !isFolder(absolute))) continue;
    throw unfit("a path without links to folders", `the symbolic link ${part}`, where, "name what it leads to");
  }
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(`${path}/.`).isDirectory();
  } catch {
    return false;
  }
}

/** What is tracked for the first time holds no other data, is not ignored, and its `.dvc` file is free. */
function requireFree(repository: Repository, outputs: readonly TrackedOutput[], path: string, where: string): void {
  const inner = outputs.find((output) => output.path.startsWith(`${path}/`));
  if (inner !== undefined) {
    const received = `a folder around ${inner.path}, which ${originText(inner)} tracks`;
    throw overlap("data that nothing tracks yet", received, where, "stop tracking that first");
  }
  if (isIgnoredPath(openIgnoreRules(repository.root), path, isFolder(join(repository.root, path)))) {
    throw unfit("data", "a path that .dvcignore excludes", where, "take the row out of .dvcignore");
  }
  if (!existsSync(join(repository.root, `${path}.dvc`))) return;
  const hint = "rename the data, or remove that file";
  throw overlap("a free name for the .dvc file", `${path}.dvc, which tracks something else`, where, hint);
}

function unfit(required: string, received: string, where: string, hint: string): AppError {
  return new AppError("DATA_NAME_INVALID", { required, received, where, hint });
}

function overlap(required: string, received: string, where: string, hint?: string): AppError {
  return new AppError("DATA_OVERLAP", { required, received, where, ...(hint !== undefined && { hint }) });
}

/** Errors: DATA_OVERLAP for data that Git has, DATA_NAME_INVALID for a `.dvc` file that Git would ignore. */
async function refuseTrackedByGit(repository: Repository, places: readonly Place[]): Promise<void> {
  const { root, hasGit } = repository;
  if (!hasGit || places.length === 0) return;
  const paths = places.map(({ path }) => path);
  const [first] = await filesInGit(repository, paths);
  if (first !== undefined) {
    const { path } = places.find((place) => first === place.path || first.startsWith(`${place.path}/`)) ?? places[0]!;
    throw overlap(
      "data that nothing tracks yet",
      `${first} in Git`,
      path,
      `take it out of Git, the files stay: git rm -r --cached ${shellPath(path)}`,
    );
  }
  const files = places.map(({ file }) => `${file}\0`).join("");
  const { output } = await runGit(root, ["check-ignore", "--stdin", "-z"], { input: files, allowed: [0, 1] });
  const ignored = output.toString("utf8").split("\0")[0];
  if (!ignored) return;
  const hint = "let .gitignore leave .dvc files alone, for example by a row '!*.dvc'";
  throw unfit("a .dvc file that Git keeps", "one that .gitignore excludes", ignored, hint);
}

type AddedContent = Omit<StoredContent, "sizeBytes"> & { readonly sizeBytes?: number };

async function addOne(
  repository: Repository,
  { path, output, tracked, row, file }: Place,
  options: DataOptions,
): Promise<AddedContent> {
  if (tracked === undefined || path === output) return storePath(repository, join(repository.root, output), options);
  const { hash } = row;
  if (hash !== undefined && (!isFolderHash(hash) || hash.algorithm !== "md5")) {
    const isFile = !isFolderHash(hash);
    const received = isFile ? "a path inside of a file" : "a part of an entry of DVC 2";
    const required = isFile ? "data that nothing tracks yet" : "a part of a folder that DVC 3 recorded";
    throw overlap(required, received, file, `add all of it: pawprint data add ${shellPath(output)}`);
  }
  return storePart(repository, { output, inside: path.slice(output.length + 1), row }, options);
}

/** A part of a folder, put into the cache; the rest of the folder's list stays as it was recorded. */
async function storePart(
  repository: Repository,
  { output, inside, row }: { readonly output: string; readonly inside: string; readonly row: DvcOutput },
  options: DataOptions,
): Promise<AddedContent> {
  const absolute = join(repository.root, output, inside);
  const old = row.hash === undefined ? [] : await readTree(repository, row.hash);
  const kept = old.filter(({ path }) => path !== inside && !path.startsWith(`${inside}/`));
  const isAppended = kept.length === old.length;
  const isThere = existsSync(absolute);
  if (!isThere && isAppended) {
    throw readFailure(`${output}/${inside}`, Object.assign(new Error("nothing there"), { code: "ENOENT" }));
  }
  const part = isThere ? await storePath(repository, absolute, options) : undefined;
  const added: readonly TreeFile[] =
    part?.files?.().map((file) => ({ ...file, path: `${inside}/${file.path}` })) ??
    (part === undefined ? [] : [{ md5: part.hash.md5, path: inside }]);
  const files = [...kept, ...added];
  const { md5, bytes } = encodeTree(files);
  const isNew = putBytes(md5, bytes, workPlaceOf(repository));
  // As DVC: the sum where files only came, unknown where some were replaced or went.
  const sum = isAppended && row.sizeBytes ? row.sizeBytes + (part?.sizeBytes ?? 0) : undefined;
  const sizeBytes = sum ?? (md5 === row.hash?.md5 ? row.sizeBytes : undefined);
  return {
    hash: { md5, algorithm: "md5" },
    ...(sizeBytes !== undefined && { sizeBytes }),
    fileCount: files.length,
    isExecutable: false,
    files: () => files,
    newObjects: (part?.newObjects ?? 0) + (isNew ? 1 : 0),
  };
}
