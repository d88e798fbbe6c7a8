/** What changed of a stage since `dvc.lock` was written, in DVC's words. */
import { isAbsolute, resolve } from "node:path";
import { AppError } from "../base/errors.ts";
import type { Progress } from "../base/progress.ts";
import { hashPath, type PathContent } from "../versioning/cache/hash-path.ts";
import { isInCache } from "../versioning/cache/object-cache.ts";
import { type DataEntry, type DataHash, isSameHash } from "../versioning/data-hash.ts";
import type { ParamMap } from "../versioning/formats/param-value.ts";
import type { MetadataTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { isSameParam, readStageParams } from "../versioning/stages/params-file.ts";
import type { PipelineStage } from "../versioning/stages/read-stages.ts";
import type { Stage, StageOutput } from "../versioning/stages/stage.ts";

export type EntryChange = "modified" | "new" | "deleted" | "not in cache";

/** Each part names only what changed. */
export interface StageStatus {
  /** By path, as the stage gives it. Empty for a frozen stage, whose dependencies do not count. */
  readonly deps: ReadonlyMap<string, EntryChange>;
  /** By file, then by key; one word where it holds for the file. Empty for a frozen stage. */
  readonly params: ReadonlyMap<string, EntryChange | ReadonlyMap<string, EntryChange>>;
  readonly outs: ReadonlyMap<string, EntryChange>;
  /** `always_changed`, or neither dependencies nor outputs: it runs each time. */
  readonly isAlwaysChanged: boolean;
  readonly isCommandChanged: boolean;
}

export interface StageStatusOptions {
  /** The work tree, for files of parameters. */
  readonly tree: MetadataTree;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Neither dependencies nor outputs say when such a stage has to run. */
export function isAlwaysChanged({ deps, params, outs, alwaysChanged }: Stage): boolean {
  return alwaysChanged || deps.length + params.length + outs.length === 0;
}

/** Errors: those of `hashPath` and of `readStageParams`; DATA_FEATURE_UNSUPPORTED for dependencies behind a URL. */
export async function stageStatus(
  repository: Repository,
  stage: PipelineStage,
  options: StageStatusOptions,
): Promise<StageStatus> {
  return {
    deps: stage.isFrozen ? new Map() : await changedDependencies(repository, stage, options),
    params: stage.isFrozen ? new Map() : await changedParams(stage, options),
    outs: await changedOutputs(repository, stage, options),
    isAlwaysChanged: isAlwaysChanged(stage),
    isCommandChanged: stage.locked !== undefined && !isSameCommand(stage.locked.cmd, stage.cmd),
  };
}

/** Whether `repro` has to do something. */
export function isChanged(status: StageStatus, { isFrozen }: Pick<Stage, "isFrozen">): boolean {
  const { deps, params, outs, isCommandChanged } = status;
  return deps.size + params.size + outs.size > 0 || isCommandChanged || (status.isAlwaysChanged && !isFrozen);
}

/** Absolute. Errors: DATA_FEATURE_UNSUPPORTED for a URL. */
export function stagePath({ root }: Repository, { name, file, workFolder }: Stage, path: string): string {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) {
    throw new AppError("DATA_FEATURE_UNSUPPORTED", {
      required: "dependencies and outputs that are files or folders",
      received: JSON.stringify(path),
      where: `${file}, stage ${name}`,
      hint: "import it, and depend on the file: pawprint data import-url --help",
    });
  }
  return isAbsolute(path) ? path : resolve(root, workFolder, path);
}

async function changedDependencies(repository: Repository, stage: PipelineStage, options: StageStatusOptions) {
  const locked = byPath(stage.locked?.deps);
  const changes = new Map<string, EntryChange>();
  for (const path of stage.deps) {
    const known = locked.get(path)?.hash;
    const content = await contentAt(repository, stage, path, known, options);
    if (content === undefined) changes.set(path, "deleted");
    else if (!isSameHash(content.hash, known)) changes.set(path, "modified");
  }
  return changes;
}

async function changedOutputs(repository: Repository, stage: PipelineStage, options: StageStatusOptions) {
  const locked = byPath(stage.locked?.outs);
  const changes = new Map<string, EntryChange>();
  for (const output of stage.outs) {
    const change = await outputChange(repository, stage, output, locked.get(output.path)?.hash, options);
    if (change !== undefined) changes.set(output.path, change);
  }
  return changes;
}

async function outputChange(
  repository: Repository,
  stage: Stage,
  { path, isCached }: StageOutput,
  known: DataHash | undefined,
  options: StageStatusOptions,
): Promise<EntryChange | undefined> {
  if (isCached && known !== undefined && !(await isInCache(repository, known))) return "not in cache";
  const content = await contentAt(repository, stage, path, known, options);
  if (content === undefined) return "deleted";
  return isSameHash(content.hash, known) ? undefined : "modified";
}

function contentAt(
  repository: Repository,
  stage: Stage,
  path: string,
  known: DataHash | undefined,
  { progress, signal }: StageStatusOptions,
): Promise<PathContent | undefined> {
  return hashPath(repository, stagePath(repository, stage, path), {
    ...(known !== undefined && { algorithm: known.algorithm }),
    ...(progress && { progress }),
    ...(signal && { signal }),
  });
}

async function changedParams(stage: PipelineStage, { tree }: StageStatusOptions) {
  const changes = new Map<string, EntryChange | ReadonlyMap<string, EntryChange>>();
  const actualOf = await readStageParams(tree, stage);
  for (const { file, keys } of stage.params) {
    const [actual, known] = [actualOf.get(file), stage.locked?.params.get(file)];
    if (actual === undefined) changes.set(file, "deleted");
    else if (known === undefined) changes.set(file, "new");
    else {
      const wanted = keys.length > 0 ? keys : new Set([...actual.keys(), ...known.keys()]);
      const changed = changedKeys(wanted, actual, known);
      if (changed.size > 0) changes.set(file, changed);
    }
  }
  return changes;
}

function changedKeys(keys: Iterable<string>, actual: ParamMap, known: ParamMap): ReadonlyMap<string, EntryChange> {
  const changes = new Map<string, EntryChange>();
  for (const key of keys) {
    const [now, before] = [actual.get(key), known.get(key)];
    if (now === undefined) changes.set(key, "deleted");
    else if (before === undefined) changes.set(key, "new");
    else if (!isSameParam(now, before)) changes.set(key, "modified");
  }
  return changes;
}

export function byPath(entries: readonly DataEntry[] = []): ReadonlyMap<string, DataEntry> {
  return new Map(entries.map((entry) => [entry.path, entry]));
}

function isSameCommand(a: Stage["cmd"], b: Stage["cmd"]): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((command, at) => command === b[at]);
}

/** As a part of `dvc status --json`; undefined where nothing changed. `shown` turns a path as it is shown. */
export function dvcStatus(status: StageStatus): readonly (string | object)[] | undefined {
  const { deps, params, outs } = status;
  const depsAndParams = [
    ...deps,
    ...[...params].map(([file, change]) => [file, change instanceof Map ? Object.fromEntries(change) : change]),
  ];
  const rows = [
    ...(depsAndParams.length > 0 ? [{ "changed deps": Object.fromEntries(depsAndParams) }] : []),
    ...(outs.size > 0 ? [{ "changed outs": Object.fromEntries(outs) }] : []),
    ...(status.isAlwaysChanged ? ["always changed"] : []),
    ...(status.isCommandChanged ? ["changed command"] : []),
  ];
  return rows.length > 0 ? rows : undefined;
}
