/** The checkpoints of one training: a folder with the newest few. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { ensureFolder, removeLeftovers } from "../../base/files/atomic-file.ts";
import { systemCodeOf } from "../../base/files/file-failure.ts";
import { type Lock, withLock } from "../../base/locks/lock-file.ts";
import type { Logger } from "../../base/logger.ts";
import type { Model } from "../../nn/inference-graph.ts";
import type { TrainingRun } from "../training-run.ts";
import { type Checkpoint, checkpointRun, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";

/** The newest, and the one before in case a disk failure or a power cut damages the newest. */
const keptCheckpoints = 2;

const namePattern = /^step-(\d{9})\.safetensors$/;

/** `models/cats.checkpoints` for `models/cats.onnx`. */
export function checkpointFolderOf(bundlePath: string): string {
  return `${bundlePath.replace(/\.onnx$/i, "")}.checkpoints`;
}

/**
 * Runs `work` as the only training in this folder, which is created where it is missing. Errors:
 * LOCKED, FILE_WRITE_FAILED, those of `work`.
 */
export async function withCheckpointFolder<T>(folder: string, work: (lock: Lock) => Promise<T>): Promise<T> {
  await ensureFolder(folder);
  return withLock(join(folder, ".lock"), async (lock) => {
    await removeLeftovers(folder, [".safetensors"]);
    return work(lock);
  });
}

/** The checkpoints' files, the newest first; none where there is no such folder. */
export async function listCheckpoints(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  });
  return names
    .filter((name) => namePattern.test(name))
    .sort()
    .reverse()
    .map((name) => join(folder, name));
}

/** Writes one atomically, and deletes those that are no longer kept. Errors: FILE_WRITE_FAILED. */
export async function addCheckpoint(folder: string, checkpoint: Checkpoint): Promise<string> {
  await ensureFolder(folder);
  const path = join(folder, `step-${String(checkpoint.snapshot.step).padStart(9, "0")}.safetensors`);
  await saveCheckpoint(path, checkpoint);
  for (const old of (await listCheckpoints(folder)).slice(keptCheckpoints)) await rm(old, { force: true });
  return path;
}

/**
 * The newest checkpoint that can be read; `known` as for `loadCheckpoint`. Errors: FILE_NOT_FOUND where there is none;
 * CHECKPOINT_INVALID where none can be read, FILE_READ_FAILED.
 */
export async function newestCheckpoint(
  folder: string,
  logger: Logger,
  known?: Model,
): Promise<Checkpoint & { readonly path: string }> {
  return newest(folder, logger, async (path) => ({ ...(await loadCheckpoint(path, known)), path }));
}

/** The run that the newest readable checkpoint is of. Errors: as `newestCheckpoint`. */
export async function newestRun(folder: string, logger: Logger): Promise<TrainingRun> {
  return newest(folder, logger, checkpointRun);
}

async function newest<T>(folder: string, logger: Logger, read: (path: string) => Promise<T>): Promise<T> {
  const paths = await listCheckpoints(folder);
  let first: unknown;
  for (const path of paths) {
    try {
      return await read(path);
    } catch (error) {
      if (!isAppError(error, "CHECKPOINT_INVALID")) throw error;
      first ??= error;
      logger.warn(`a checkpoint cannot be read: ${error.message}`);
    }
  }
  if (first !== undefined) throw first;
  throw new AppError("FILE_NOT_FOUND", {
    required: "a checkpoint to resume from",
    received: "none",
    where: folder,
    hint: "train without `resume`",
  });
}

/** Deletes the checkpoints; the folder stays. */
export async function removeCheckpoints(folder: string): Promise<void> {
  for (const path of await listCheckpoints(folder)) await rm(path, { force: true });
}
