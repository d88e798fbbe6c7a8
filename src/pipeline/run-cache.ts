/**
 * The run-cache: what stages made before, by what they ran with. Entries lie in
 * `.dvc/cache/runs/<k>/<key>/<value>` and have DVC's keys and bytes, so that both tools share them.
 */
import { createHash } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { isAbsolute, join, posix } from "node:path";
import { AppError } from "../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../base/files/atomic-file.ts";
import { readBytes } from "../base/files/read-file.ts";
import type { Logger } from "../base/logger.ts";
import { parseDvcLock, valueOfLocked } from "../versioning/formats/dvc-lock.ts";
import type { ParamMap, ParamValue } from "../versioning/formats/param-value.ts";
import { byCodePoints, pythonJson } from "../versioning/formats/python-json.ts";
import { writeYaml } from "../versioning/formats/yaml.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import type { LockedStage, Stage } from "../versioning/stages/stage.ts";
import { isAlwaysChanged } from "./stage-status.ts";

/** An entry is a stage of `dvc.lock`, never more. */
const largestEntryBytes = 16 << 20;

/** Whether DVC keeps what the stage made: what it ran with says all of what it makes. */
export function canBeCached(stage: Stage): boolean {
  const hasInput = stage.deps.length + stage.params.length > 0;
  const isOwn = ({ path, isPersistent }: Stage["outs"][number]): boolean =>
    !isPersistent && !isAbsolute(path) && !/^\.\.(\/|$)/.test(posix.join(stage.workFolder, path));
  return hasInput && stage.outs.length > 0 && !isAlwaysChanged(stage) && stage.outs.every(isOwn);
}

/** 64 hexadecimal digits of what a stage runs with; `outs` need no hashes. */
export function runCacheKey(entry: LockedStage): string {
  const value = new Map(valueOfLocked(entry));
  value.set("outs", entry.outs.map(({ path }) => path).toSorted(byCodePoints));
  return hashOf(value);
}

/** DVC leaves these keys out on every level, those of parameters too. */
const unhashedKeys = new Set(["size", "nfiles"]);

function withoutSizes(value: ParamValue): ParamValue {
  if (Array.isArray(value)) return value.map(withoutSizes);
  if (!(value instanceof Map)) return value;
  return new Map(
    [...value].flatMap(([key, one]) => (unhashedKeys.has(key) ? [] : [[key, withoutSizes(one)] as const])),
  );
}

function hashOf(value: ParamMap): string {
  return createHash("sha256")
    .update(pythonJson(withoutSizes(value), { sortKeys: true }))
    .digest("hex");
}

/**
 * What a stage made with the same command, dependencies and parameters, the newest of several;
 * undefined where there is none. A damaged entry is removed, as DVC does.
 */
export async function findRun(
  repository: Repository,
  entry: LockedStage,
  logger: Logger,
): Promise<LockedStage | undefined> {
  const folder = folderOf(repository, runCacheKey(entry));
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const times = await Promise.all(names.map(async (name) => [await modifiedMs(join(folder, name)), name] as const));
  const [newest] = times.sort(([a], [b]) => b - a);
  return newest === undefined ? undefined : readEntry(join(folder, newest[1]), logger);
}

/** Errors: FILE_WRITE_FAILED. */
export async function saveRun(repository: Repository, entry: LockedStage, logger: Logger): Promise<void> {
  const value = valueOfLocked(entry);
  const folder = folderOf(repository, runCacheKey(entry));
  const path = join(folder, hashOf(value));
  if ((await readEntry(path, logger)) !== undefined) return;
  await ensureFolder(folder);
  await writeFileAtomic(path, writeYaml(value), { force: true });
}

function folderOf({ cacheFolder }: Repository, key: string): string {
  return join(cacheFolder, "runs", key.slice(0, 2), key);
}

async function modifiedMs(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

async function readEntry(path: string, logger: Logger): Promise<LockedStage | undefined> {
  try {
    const text = (await readBytes(path, path, largestEntryBytes)).toString("utf8");
    // An entry is what stands below a stage's name in dvc.lock.
    const lock = `schema: '2.0'\nstages:\n  run:\n${text.replace(/^(?=.)/gm, "    ")}`;
    return parseDvcLock(Buffer.from(lock), path).get("run");
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "FILE_NOT_FOUND") return undefined;
    logger.warn(`a damaged entry of the run-cache was removed: ${error.message}`);
    await rm(path, { force: true });
    return undefined;
  }
}
