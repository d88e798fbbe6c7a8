/** Training that can be interrupted: `fit` with checkpoints, resumed from the newest one. */
import { interruptionOf, isAbortError } from "../../base/cancel.ts";
import { AppError, isAppError, withHint } from "../../base/errors.ts";
import type { Lock } from "../../base/locks/lock-file.ts";
import type { Logger } from "../../base/logger.ts";
import { indicesOf } from "../../dataset/pack/pack.ts";
import type { Model } from "../../nn/inference-graph.ts";
import { fit as fitModel } from "../fit/fit.ts";
import type { EpochMetrics, FitOptions, FitResult, Snapshot } from "../fit/fit-options.ts";
import { epochLabel } from "../fit/fit-plan.ts";
import type { Recorder } from "../recording/recorder.ts";
import type { TrainingRun } from "../training-run.ts";
import type { Checkpoint } from "./checkpoint.ts";
import {
  addCheckpoint,
  listCheckpoints,
  newestCheckpoint,
  removeCheckpoints,
  withCheckpointFolder,
} from "./checkpoint-folder.ts";
import { createTrainingProgress, type TrainingProgress } from "./training-progress.ts";

export interface ResumableFitOptions extends Omit<FitOptions, "resume" | "onCheckpoint"> {
  readonly run: TrainingRun;
  /**
   * Called and awaited as the only training in the folder, when nothing else refuses it; gives the
   * run under which it goes on. `history` are the epochs of before it was resumed.
   */
  begin(history: readonly EpochMetrics[]): Promise<TrainingRun>;
  readonly recorder?: Pick<Recorder, "settle" | "checkpointed"> | undefined;
  /** The folder where checkpoints are kept. */
  readonly checkpoints: string;
  /** All that decides the weights besides model and optimizer, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Start from the newest checkpoint, which must be of the same run. */
  readonly isResumed: boolean;
  /** Delete checkpoints that are there. */
  readonly force: boolean;
  readonly logger: Logger;
}

export interface ResumableFitResult extends FitResult {
  readonly run: TrainingRun;
}

/**
 * `fit` with checkpoints, which stay when training ends, so that it can be resumed with more
 * epochs.
 * Errors: those of `fit`; INTERRUPTED; LOCKED where another training works in the same folder;
 * FILE_EXISTS where one left checkpoints and neither `isResumed` nor `force` is set; FILE_NOT_FOUND
 * or CHECKPOINT_INVALID where there is nothing to resume.
 */
export async function resumableFit(options: ResumableFitOptions): Promise<ResumableFitResult> {
  return withCheckpointFolder(options.checkpoints, (lock) => fitLocked(options, lock));
}

async function fitLocked(options: ResumableFitOptions, lock: Lock): Promise<ResumableFitResult> {
  const { model, plan, settings, checkpoints, isResumed, recorder, logger, signal } = options;
  if (!isResumed) await requireNone(options);
  const resume = isResumed ? snapshotOf(await newestCheckpoint(checkpoints, logger, model), options) : undefined;
  const describe = ({ epoch, position }: Snapshot): string => {
    const steps = position.batches > 0 ? [`${position.batches} steps`] : [];
    return [...(epoch > 0 || steps.length === 0 ? [epochLabel(epoch, plan.budget)] : []), ...steps].join(" and ");
  };
  const run = await options.begin(resume?.history ?? []);
  if (resume) logger.info(`resuming after ${describe(resume)}`);
  let saved = resume;
  const progress = progressOf(options, resume);
  let isComplete = false;
  try {
    const result = await fitModel({
      ...options,
      progress,
      resume,
      async onCheckpoint(snapshot) {
        await lock.requireHeld();
        await recorder?.settle();
        try {
          const optimizer = plan.optimizer.name;
          const path = await addCheckpoint(checkpoints, { run, model, optimizer, settings, snapshot });
          recorder?.checkpointed(path);
          saved = snapshot;
        } catch (error) {
          // A full disk is no reason to lose the training.
          if (!isAppError(error, "FILE_WRITE_FAILED")) throw error;
          const last = saved ? `the last one is of ${describe(saved)}` : "there is none yet";
          logger.warn(`a checkpoint could not be written, training continues; ${last}: ${error.message}`);
        }
      },
    });
    if (result.end === "interrupted" && signal) throw interruptionOf(signal);
    isComplete = true;
    return { ...result, run };
  } catch (error) {
    // Resumed, the same steps would diverge again.
    if (isAppError(error, "TRAIN_DIVERGED")) saved = undefined;
    throw saved === undefined ? error : withWayToResume(error, signal);
  } finally {
    progress.end(isComplete, signal?.aborted ? "interrupted" : undefined);
    if (!isComplete && saved) {
      logger.warn(`training ended after ${describe(saved)}; its checkpoints are in ${checkpoints}`);
    }
  }
}

/** An interruption of a training that has a checkpoint says how to go on; other errors stay. */
export function withWayToResume(error: unknown, signal: AbortSignal | undefined): unknown {
  const interrupted = signal?.aborted && isAbortError(error) ? interruptionOf(signal) : error;
  return isAppError(interrupted, "INTERRUPTED") ? withHint(interrupted, "resume it with `resume`") : error;
}

function progressOf(
  { progress, pack, plan: { budget, batchSize }, nowMs }: ResumableFitOptions,
  resume: Snapshot | undefined,
): TrainingProgress {
  if ("timeMs" in budget) {
    return createTrainingProgress(progress, { timeMs: Math.max(0, budget.timeMs - (resume?.elapsedMs ?? 0)), nowMs });
  }
  const perEpoch = indicesOf(pack, "train").length;
  const done = resume === undefined ? 0 : resume.epoch * perEpoch + resume.position.batches * batchSize;
  return createTrainingProgress(progress, { pictures: Math.max(0, budget.epochs * perEpoch - done) });
}

async function requireNone({ checkpoints, force }: ResumableFitOptions): Promise<void> {
  const there = await listCheckpoints(checkpoints);
  if (there.length === 0) return;
  if (force) return removeCheckpoints(checkpoints);
  throw new AppError("FILE_EXISTS", {
    required: "a folder without checkpoints of another training",
    received: `${there.length} of them`,
    where: checkpoints,
    hint: "`resume` resumes that training, `force` deletes its checkpoints and starts again",
  });
}

/** The snapshot, where run, network, labels, picture statistics, optimizer and settings agree. */
function snapshotOf(
  found: Checkpoint & { readonly path: string },
  { run, model, plan, settings }: ResumableFitOptions,
): Snapshot {
  const theirs: Readonly<Record<string, unknown>> = {
    run: found.run.id,
    ...factsOf(found.model),
    optimizer: found.optimizer,
    ...found.settings,
  };
  // Through JSON, which leaves out what is undefined.
  const ours = JSON.parse(
    JSON.stringify({ run: run.id, ...factsOf(model), optimizer: plan.optimizer.name, ...settings }),
  );
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const value = ours[name];
    if (JSON.stringify(value) === JSON.stringify(theirs[name])) continue;
    throw new AppError("CHECKPOINT_INVALID", {
      required: `a checkpoint of this training, with ${name} ${JSON.stringify(value)}`,
      received: JSON.stringify(theirs[name]) ?? "none",
      where: found.path,
      hint: "give the same data and settings as before, or start again: `force` without `resume`",
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
