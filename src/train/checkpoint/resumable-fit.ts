/** Training that can be interrupted: checkpoints on the way, and the way back from them. */

import { interruptionOf } from "../../base/cancel.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import type { Lock } from "../../base/locks/lock-file.ts";
import type { Logger } from "../../base/logger.ts";
import type { Progress } from "../../base/progress.ts";
import { indicesOf } from "../../dataset/pack/pack.ts";
import type { Model } from "../../nn/inference-graph.ts";
import { fit as trainEpochs } from "../fit/fit.ts";
import type { FitOptions, FitResult, Snapshot } from "../fit/fit-options.ts";
import type { Optimizer } from "../step/optimizer.ts";
import type { Checkpoint } from "./checkpoint.ts";
import {
  addCheckpoint,
  listCheckpoints,
  newestCheckpoint,
  removeCheckpoints,
  withCheckpointFolder,
} from "./checkpoint-folder.ts";
import { createTrainingProgress } from "./training-progress.ts";

export interface ResumableFitOptions extends Omit<FitOptions, "resume" | "onCheckpoint"> {
  readonly optimizer: Optimizer;
  /** Where checkpoints are kept. */
  readonly checkpoints: string;
  /** Whatever decides the weights beside model and optimizer, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Start from the newest checkpoint instead of anew. */
  readonly goOn: boolean;
  /** Take the place of checkpoints that are there. */
  readonly force: boolean;
  readonly logger: Logger;
  readonly progress: Progress;
}

/**
 * `fit` with checkpoints, which stay when training ends, so that it can go on with more epochs.
 * Errors: those of `fit`; INTERRUPTED; LOCKED where another training works in the same folder;
 * FILE_EXISTS where one left checkpoints and neither `goOn` nor `force` is set; FILE_NOT_FOUND or
 * CHECKPOINT_INVALID where there is nothing to go on from.
 */
export async function resumableFit(options: ResumableFitOptions): Promise<FitResult> {
  return withCheckpointFolder(options.checkpoints, (lock) => fitLocked(options, lock));
}

async function fitLocked(options: ResumableFitOptions, lock: Lock): Promise<FitResult> {
  const { model, pack, optimizer, settings, epochs, checkpoints, goOn, logger, signal } = options;
  if (!goOn) await requireNone(options);
  const found = goOn ? await newestCheckpoint(checkpoints, logger) : undefined;
  const resume = found && snapshotOf(found, options);
  if (resume) logger.info(`going on after ${describe(resume, options)}`);
  let kept = resume;
  const pictures = indicesOf(pack, "train").length;
  const done = resume === undefined ? 0 : resume.epoch * pictures + resume.position.batches * options.batchSize;
  const { timeMs, nowMs = () => performance.now() } = options;
  const progress = createTrainingProgress(
    options.progress,
    timeMs === undefined
      ? { pictures: Math.max(0, epochs * pictures - done) }
      : { timeMs: Math.max(0, timeMs - (resume?.elapsedMs ?? 0)), nowMs },
  );
  let isComplete = false;
  try {
    const result = await trainEpochs({
      ...options,
      progress,
      ...(resume && { resume }),
      async onCheckpoint(snapshot) {
        await lock.requireHeld();
        try {
          await addCheckpoint(checkpoints, { model, optimizer: optimizer.name, settings, snapshot });
          kept = snapshot;
        } catch (error) {
          // What was learnt is worth more than the way back to it.
          if (!isAppError(error, "FILE_WRITE_FAILED")) throw error;
          const last = kept ? `the last one is of ${describe(kept, options)}` : "there is none yet";
          logger.warn(`a checkpoint could not be written, training goes on; ${last}: ${error.message}`);
        }
      },
    });
    if (result.end === "interrupted" && signal) throw interruptionOf(signal);
    isComplete = true;
    return result;
  } catch (error) {
    // The same steps would only diverge again.
    if (isAppError(error, "TRAIN_DIVERGED")) kept = undefined;
    throw error;
  } finally {
    progress.end(isComplete, signal?.aborted ? "interrupted" : undefined);
    if (!isComplete && kept) {
      logger.warn(
        `training ended after ${describe(kept, options)}; its weights are in ${checkpoints}: --resume goes on`,
      );
    }
  }
}

function describe({ epoch, position }: Snapshot, { epochs, timeMs }: ResumableFitOptions): string {
  const whole = timeMs === undefined ? `epoch ${epoch} of ${Math.max(epoch, epochs)}` : `epoch ${epoch}`;
  if (position.batches === 0) return whole;
  return epoch === 0 ? `${position.batches} steps` : `${whole} and ${position.batches} steps`;
}

async function requireNone({ checkpoints, force }: ResumableFitOptions): Promise<void> {
  const there = await listCheckpoints(checkpoints);
  if (there.length === 0) return;
  if (force) return removeCheckpoints(checkpoints);
  throw new AppError("FILE_EXISTS", {
    required: "a place without checkpoints of another training",
    received: `${there.length} of them`,
    where: checkpoints,
    hint: "--resume goes on with that training, --force begins anew and deletes them",
  });
}

/**
 * The snapshot of a checkpoint that belongs to the same network, labels, picture statistics,
 * optimizer and settings.
 */
function snapshotOf(
  found: Checkpoint & { readonly path: string },
  { model, optimizer, settings }: ResumableFitOptions,
): Snapshot {
  const theirs: Readonly<Record<string, unknown>> = {
    ...factsOf(found.model),
    optimizer: found.optimizer,
    ...found.settings,
  };
  // As JSON holds them: what is undefined here was not written there.
  const ours = JSON.parse(JSON.stringify({ ...factsOf(model), optimizer: optimizer.name, ...settings }));
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const value = ours[name];
    if (JSON.stringify(value) === JSON.stringify(theirs[name])) continue;
    throw new AppError("CHECKPOINT_INVALID", {
      required: `a checkpoint of this training, with ${name} ${JSON.stringify(value)}`,
      received: JSON.stringify(theirs[name]) ?? "none",
      where: found.path,
      hint: "give the same data and settings as before, or train anew without --resume",
    });
  }
  return found.snapshot;
}

function factsOf({ network, size, labels, normalization }: Model) {
  return {
    architecture: network.architecture,
    options: network.options,
    size: [size.width, size.height, size.channels],
    labels,
    normalization: [normalization.mean, normalization.std],
  };
}
