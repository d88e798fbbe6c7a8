/** One stage of `repro`: whether it has to run, from the run-cache or by its commands, and what it made. */
import { join } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import { AppError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-file.ts";
import type { Logger } from "../base/logger.ts";
import type { Progress } from "../base/progress.ts";
import { visibleText } from "../base/visible-text.ts";
import { checkoutPath } from "../versioning/cache/checkout-path.ts";
import { storePath } from "../versioning/cache/hash-path.ts";
import { isInCache } from "../versioning/cache/object-cache.ts";
import type { DataEntry } from "../versioning/data-hash.ts";
import { parseDvcLock, writeDvcLock } from "../versioning/formats/dvc-lock.ts";
import type { MetadataTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { withPathLocks } from "../versioning/repo/repository-lock.ts";
import { lockFileOf, type PipelineStage } from "../versioning/stages/read-stages.ts";
import { type LockedStage, type Stage, stageId } from "../versioning/stages/stage.ts";
import { stage as addToGit } from "../versioning/workspace/write-output.ts";
import { type CommandOutput, runCommands } from "./repro-commands.ts";
import { changedInputs, inputsOf, outputsOf, type StageInputs } from "./repro-entries.ts";
import type { LockSession } from "./repro-lock.ts";
import { clearOutputs, requireOwnOutputs, unprotect } from "./repro-outputs.ts";
import { canBeCached, findRun, saveRun } from "./run-cache.ts";
import { isChanged, type StageStatus, stagePath, stageStatus } from "./stage-status.ts";

export interface StageSettings {
  /** Run also where nothing changed. */
  readonly force: boolean;
  readonly dry: boolean;
  /** False: only hashes are written down, the cache gets nothing. */
  readonly isStored: boolean;
  /** Whether runs of the past are looked for. */
  readonly usesRunCache: boolean;
}

/** What all stages of a `repro` share. */
export interface ReproContext {
  readonly repository: Repository;
  /** The work tree. */
  readonly tree: MetadataTree;
  readonly env: NodeJS.ProcessEnv;
  readonly output: (stage: Stage) => CommandOutput;
  readonly logger: Logger;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly lock: LockSession;
  /** Files of Git that were written, from the repository's root. */
  readonly changedFiles: Set<string>;
  /** How the stage is called on the command line, from the current folder: `train`, `../dvc.yaml:train`. */
  readonly addressOf: (stage: Stage) => string;
  readonly onCommand?: ((stage: Stage, command: string) => void) | undefined;
  /** Brings content that the cache lacks from the remote; undefined without `pull`. */
  readonly fetch?: ((entries: readonly DataEntry[]) => Promise<void>) | undefined;
}

/** What it takes to write a stage down. */
export type RecordContext = Pick<
  ReproContext,
  "repository" | "tree" | "logger" | "progress" | "signal" | "changedFiles"
>;

export type StageEnd = "ran" | "cached" | "unchanged";

export interface StageRun {
  readonly end: StageEnd;
  /** What the commands took, and what came of them, without the wait for other stages. */
  readonly seconds?: number;
}

interface Prepared {
  readonly end?: StageEnd;
  /** What the commands will run with. */
  readonly inputs?: StageInputs;
}

/**
 * With `dry`, says what would be done and changes nothing. An interruption or a failing command
 * leaves `dvc.lock` as it was.
 * Errors: STAGE_FAILED, LOCKED, INTERRUPTED, DATA_*; those of reading and writing.
 */
export async function reproduceStage(
  context: ReproContext,
  stage: PipelineStage,
  settings: StageSettings,
): Promise<StageRun> {
  const { repository } = context;
  const absolute = (path: string): string => stagePath(repository, stage, path);
  const paths = {
    read: [...stage.deps.map(absolute), ...stage.params.map(({ file }) => absolute(file))],
    write: stage.outs.map(({ path }) => absolute(path)),
  };
  if (settings.dry) return { end: (await prepare(context, stage, settings)).end ?? "ran" };
  const { end, inputs } = await context.lock.locked(() => prepare(context, stage, settings));
  if (end !== undefined) return { end };
  return withPathLocks(repository, `pawprint repro ${stage.name}`, paths, async (): Promise<StageRun> => {
    const start = performance.now();
    if (!stage.isFrozen) {
      await context.lock.unlocked(() => runCommands(stage.cmd, commandSettings(context, stage)));
    }
    await context.lock.locked(() => recordStage(context, stage, settings, inputs));
    return { end: "ran", seconds: (performance.now() - start) / 1000 };
  });
}

function commandSettings(context: ReproContext, stage: Stage) {
  const { repository, env, output, signal, onCommand, addressOf } = context;
  return {
    stage: stage.name,
    folder: join(repository.root, stage.workFolder),
    env: {
      DVC_ROOT: repository.root,
      ...env,
      DVC_STAGE: addressOf(stage),
      PAWPRINT_PIPELINE_STAGE: stageId(stage),
    },
    output: output(stage),
    signal,
    ...(onCommand && { onCommand: (command: string) => onCommand(stage, command) }),
  };
}

/** Up to where the commands run: nothing to do, outputs from the run-cache, or a place without outputs. */
async function prepare(context: ReproContext, given: PipelineStage, settings: StageSettings): Promise<Prepared> {
  const { repository, signal } = context;
  throwIfCancelled(signal);
  const stage = await withCurrentLock(context, given);
  const status = await stageStatus(repository, stage, context);
  if (!settings.force && !isChanged(status, stage)) return { end: "unchanged" };
  await requireOwnOutputs(repository, stage);
  if (stage.isFrozen) {
    context.logger.warn(`stage ${visibleText(stage.name)} is frozen: its commands do not run`);
    return {};
  }
  if (settings.dry) return (await formerRun(context, stage, status, settings)) ? { end: "cached" } : {};
  const inputs = await inputsOf(repository, stage, context);
  const former = await formerRun(context, stage, status, settings, inputs);
  await clearOutputs(repository, stage);
  if (former === undefined) return { inputs };
  await restore(context, stage, former);
  await recordStage(context, stage, settings, inputs);
  return { end: "cached" };
}

/** `dvc.lock` as it is now: another process may have written it since the pipeline was read. */
async function withCurrentLock({ tree }: ReproContext, stage: PipelineStage): Promise<PipelineStage> {
  const { locked: _, ...others } = stage;
  const file = lockFileOf(stage.file);
  const bytes = await tree.read(file);
  const locked = bytes && parseDvcLock(bytes, file).get(stage.name);
  return { ...others, ...(locked && { locked }) };
}

/** Outputs that the cache has: those of `dvc.lock` where only they changed, else of a run of the past. */
async function formerRun(
  context: ReproContext,
  stage: PipelineStage,
  status: StageStatus,
  { force, usesRunCache, dry }: StageSettings,
  given?: StageInputs,
): Promise<LockedStage | undefined> {
  const { repository, logger, fetch } = context;
  if (force || !canBeCached(stage)) return undefined;
  const isSameInput = !status.isCommandChanged && status.deps.size + status.params.size === 0;
  const hasHashes = stage.outs.every(({ path }) => stage.locked?.outs.some((one) => one.path === path && one.hash));
  const lookUp = async (): Promise<LockedStage | undefined> => {
    if (!usesRunCache || (dry && [...status.deps.values()].includes("deleted"))) return undefined;
    const inputs = given ?? (await inputsOf(repository, stage, context));
    const outs = stage.outs.map(({ path }): DataEntry => ({ path }));
    return findRun(repository, { cmd: stage.cmd, ...inputs, outs }, logger);
  };
  const former = isSameInput && hasHashes ? stage.locked : await lookUp();
  if (former === undefined) return undefined;
  if (!dry && fetch) await fetch(former.outs).catch((error: unknown) => tellNotFetched(stage, error, logger));
  for (const { path } of stage.outs) {
    const hash = former.outs.find((one) => one.path === path)?.hash;
    if (hash === undefined || !(await isInCache(repository, hash))) return undefined;
  }
  return former;
}

/** What the remote does not have is made. */
function tellNotFetched({ name }: Stage, error: unknown, logger: Logger): void {
  if (!(error instanceof AppError) || error.code === "INTERRUPTED") throw error;
  logger.warn(`outputs of stage ${visibleText(name)} could not be fetched: ${error.message}`);
}

/** Outputs that Git keeps are files of their own, never links into the cache. */
async function restore(context: ReproContext, stage: Stage, former: LockedStage): Promise<void> {
  const { repository, progress, signal } = context;
  for (const { path, isCached } of stage.outs) {
    const entry = former.outs.find((one) => one.path === path);
    const output = stagePath(repository, stage, path);
    await checkoutPath(repository, output, entry?.hash, {
      force: true,
      ...(progress && { progress }),
      ...(signal && { signal }),
      ...(entry?.isExecutable && { isExecutable: true }),
    });
    if (!isCached) await unprotect(output);
  }
}

/**
 * Content first, then the run-cache that names it, then `dvc.lock`. `before` is what the commands ran
 * with; dependencies and parameters as they are unless given.
 */
export async function recordStage(
  context: RecordContext,
  stage: Stage,
  { isStored }: Pick<StageSettings, "isStored">,
  before?: StageInputs,
): Promise<void> {
  const { repository, logger } = context;
  const { outs, ignoreFiles } = await outputsOf(repository, stage, { ...context, isStored });
  const after = await inputsOf(repository, stage, context);
  const changed = before === undefined ? [] : changedInputs(before, after);
  for (const path of changed) {
    const name = visibleText(stage.name);
    logger.warn(`${visibleText(path)} changed while stage ${name} ran: the stage counts as changed, and runs again`);
  }
  const entry: LockedStage = { cmd: stage.cmd, ...(before ?? after), outs };
  const isWhole = stage.outs.every(({ isCached, kind }) => isCached || kind !== "out");
  if (isStored && isWhole && changed.length === 0 && canBeCached(stage)) {
    await keepUncached(context, stage);
    await saveRun(repository, entry, logger);
  }
  const written = [...ignoreFiles, ...(await writeLock(context, stage, entry))];
  await addToGit(repository, written);
  for (const file of written) context.changedFiles.add(file);
}

/** Metrics and plots that Git keeps are in the cache too, so that a run can be restored. */
async function keepUncached({ repository, progress, signal }: RecordContext, stage: Stage): Promise<void> {
  for (const { path } of stage.outs.filter(({ isCached }) => !isCached)) {
    const output = stagePath(repository, stage, path);
    await storePath(repository, output, { ...(progress && { progress }), ...(signal && { signal }) });
    await unprotect(output);
  }
}

/** The file that was written; nothing where the entry is there already. */
async function writeLock({ repository, tree }: RecordContext, stage: Stage, entry: LockedStage) {
  const file = lockFileOf(stage.file);
  const bytes = await tree.read(file);
  const old = bytes && Buffer.from(bytes).toString("utf8");
  const text = writeDvcLock(old, new Map([[stage.name, entry]]));
  if (text === old) return [];
  await writeFileAtomic(join(repository.root, file), text, { force: true });
  return [file];
}
