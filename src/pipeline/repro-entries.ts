/** What the lock file will say of a stage: its dependencies, parameters and outputs as they are now. */
import { open, stat } from "node:fs/promises";
import { posix } from "node:path";
import { AppError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Progress } from "../base/progress.ts";
import { visibleText } from "../base/visible-text.ts";
import { hashPath, type PathContent, storePath } from "../versioning/cache/hash-path.ts";
import { type DataEntry, isSameHash } from "../versioning/data-hash.ts";
import type { ParamMap } from "../versioning/formats/param-value.ts";
import { byCodePoints } from "../versioning/formats/python-json.ts";
import { ignoreInGit } from "../versioning/repo/git-ignore.ts";
import type { MetadataTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { readStageParams } from "../versioning/stages/params-file.ts";
import { type LockedStage, type Stage, type StageOutput, stageId } from "../versioning/stages/stage.ts";
import { fromRoot } from "../versioning/workspace/targets.ts";
import { byPath, stagePath } from "./stage-status.ts";

export interface EntryOptions {
  /** The work tree, for files of parameters. */
  readonly tree: MetadataTree;
  readonly logger: Logger;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type StageInputs = Pick<LockedStage, "deps" | "params">;

/** Errors: STAGE_FAILED for what is missing; those of `hashPath`. */
export async function inputsOf(repository: Repository, stage: Stage, options: EntryOptions): Promise<StageInputs> {
  const deps: DataEntry[] = [];
  for (const path of stage.deps.toSorted(byCodePoints)) {
    const content = await hashPath(repository, stagePath(repository, stage, path), passed(options));
    if (content === undefined)
      throw missing(stage, `the dependency ${visibleText(path)}`, "make it, or check it out: pawprint data checkout");
    deps.push(entryOf(path, content));
  }
  return { deps, params: await paramsOf(stage, options) };
}

async function paramsOf(stage: Stage, { tree }: EntryOptions): Promise<LockedStage["params"]> {
  const values = await readStageParams(tree, stage);
  const known = new Map<string, ParamMap>();
  for (const { file, keys } of stage.params) {
    const found = values.get(file);
    if (found === undefined) throw missing(stage, `the file of parameters ${visibleText(file)}`, notThere);
    const absent = keys.filter((key) => !found.has(key)).map(visibleText);
    if (absent.length > 0) {
      throw missing(stage, `the parameter ${absent.join(", ")} in ${visibleText(file)}`, notThere);
    }
    known.set(file, found);
  }
  return known;
}

const notThere = "add it, or take it out of the stage in dvc.yaml";

/** Names of what differs. */
export function changedInputs(before: StageInputs, after: StageInputs): readonly string[] {
  const known = byPath(after.deps);
  return before.deps.filter(({ path, hash }) => !isSameHash(hash, known.get(path)?.hash)).map(({ path }) => path);
}

export interface OutputOptions extends EntryOptions {
  /** Into the cache; only hashed otherwise. */
  readonly isStored: boolean;
}

export interface StageOutputs {
  readonly outs: readonly DataEntry[];
  /** Every `.gitignore` that was changed, from the repository's root. */
  readonly ignoreFiles: readonly string[];
}

/**
 * Outputs as the commands left them, those of the cache in it and out of Git's sight.
 * Errors: STAGE_FAILED where one is missing or cannot be a metric; DATA_OVERLAP; those of `storePath`.
 */
export async function outputsOf(repository: Repository, stage: Stage, options: OutputOptions): Promise<StageOutputs> {
  const cached = stage.outs.filter(({ isCached }) => isCached);
  const absolute = (path: string): string => stagePath(repository, stage, path);
  const entries = new Map<string, DataEntry>();
  for (const output of stage.outs) await requireOutput(repository, stage, output);
  const ignoreFiles = await ignoreInGit(
    repository,
    cached.map(({ path }) => absolute(path)),
  );
  for (const { path, isCached } of stage.outs) {
    const read = isCached && options.isStored ? storePath : hashPath;
    const content = await read(repository, absolute(path), passed(options));
    if (content === undefined) throw missing(stage, `the output ${visibleText(path)}`, notMade);
    const isEmpty = content.sizeBytes === 0;
    if (isEmpty) options.logger.warn(`the output ${visibleText(path)} of stage ${visibleText(stage.name)} is empty`);
    entries.set(path, entryOf(path, content));
  }
  const outs = [...entries.keys()].sort(byCodePoints).map((path) => entries.get(path)!);
  return { outs, ignoreFiles: ignoreFiles.map((file) => fromRoot(repository, file)) };
}

const notMade = "let the stage's command make it, or take it out of dvc.yaml";

async function requireOutput(repository: Repository, stage: Stage, { path, kind }: StageOutput): Promise<void> {
  const file = stagePath(repository, stage, path);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw missing(stage, `the output ${visibleText(path)}`, notMade);
  if (kind === "metric" && found.isFile() && (await isBinary(file))) {
    throw new AppError("STAGE_FAILED", {
      required: "metrics that are a text file",
      received: `the binary file ${visibleText(path)}`,
      where: whereOf(stage),
    });
  }
}

/** A text has no zero byte at its start. */
async function isBinary(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead).includes(0);
  } finally {
    await file.close();
  }
}

function entryOf(path: string, { hash, sizeBytes, fileCount, files, isExecutable }: PathContent): DataEntry {
  return { path, hash, sizeBytes, ...(files ? { fileCount } : isExecutable && { isExecutable }) };
}

function passed({ progress, signal }: EntryOptions) {
  return { ...(progress && { progress }), ...(signal && { signal }) };
}

function missing(stage: Stage, what: string, hint: string): AppError {
  return new AppError("STAGE_FAILED", {
    required: what,
    received: "nothing of this name",
    where: whereOf(stage),
    hint,
  });
}

function whereOf({ file, name }: Stage): string {
  return posix.basename(file) === file ? `stage ${visibleText(name)}` : `stage ${visibleText(stageId({ file, name }))}`;
}
