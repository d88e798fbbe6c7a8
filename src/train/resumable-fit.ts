/** Training that can be interrupted: a checkpoint after each epoch, and the way back from it. */
import { AppError, interruptionOf, type Logger, type Progress } from "../base/index.ts";
import { indicesOf } from "../dataset/pack/index.ts";
import type { Model } from "../nn/inference-graph.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { fit as trainEpochs } from "./fit.ts";
import type { FitOptions, FitResult, Snapshot } from "./fit-options.ts";
import type { Optimizer } from "./optimizer.ts";
import { createTrainingProgress } from "./training-progress.ts";

export interface ResumableFitOptions extends Omit<FitOptions, "resume"> {
  readonly optimizer: Optimizer;
  readonly checkpointPath: string;
  /** Start from the checkpoint instead of anew. */
  readonly goOn: boolean;
  readonly logger: Logger;
  readonly progress: Progress;
}

/** `models/cats.checkpoint.safetensors` for `models/cats.onnx`. */
export function checkpointPathOf(bundlePath: string): string {
  return `${bundlePath.replace(/\.onnx$/i, "")}.checkpoint.safetensors`;
}

/**
 * `fit` with a checkpoint after each epoch, which stays where training does not come to its end.
 * Errors: those of `fit`; INTERRUPTED; FILE_NOT_FOUND or CHECKPOINT_INVALID where there is nothing to go on from.
 */
export async function resumableFit(options: ResumableFitOptions): Promise<FitResult> {
  const { model, pack, optimizer, epochs, checkpointPath, goOn, logger, signal } = options;
  const resume = goOn ? await readSnapshot(checkpointPath, model, optimizer.name) : undefined;
  if (resume) logger.info(`going on after epoch ${resume.epoch} of ${epochs}`);
  let keptEpoch = resume?.epoch ?? 0;
  const epochsToCome = Math.max(0, epochs - keptEpoch);
  const progress = createTrainingProgress(options.progress, epochsToCome * indicesOf(pack, "train").length);
  let isComplete = false;
  try {
    const result = await trainEpochs({
      ...options,
      progress,
      ...(resume && { resume }),
      onEpoch: async (report) => {
        await saveCheckpoint(checkpointPath, { model, optimizer: optimizer.name, snapshot: report.snapshot() });
        keptEpoch = report.metrics.epoch;
        await options.onEpoch?.(report);
      },
    });
    if (result.end === "interrupted" && signal) throw interruptionOf(signal);
    isComplete = true;
    return result;
  } finally {
    progress.end(isComplete, signal?.aborted ? "interrupted" : undefined);
    if (!isComplete && keptEpoch > 0) {
      logger.warn(
        `training ended after epoch ${keptEpoch} of ${epochs}; its weights are in ${checkpointPath}: --resume goes on`,
      );
    }
  }
}

/** The snapshot of a checkpoint that belongs to the same network, labels, picture statistics and optimizer. */
async function readSnapshot(path: string, model: Model, optimizer: string): Promise<Snapshot> {
  const checkpoint = await loadCheckpoint(path);
  const theirs: Readonly<Record<string, unknown>> = { ...factsOf(checkpoint.model), optimizer: checkpoint.optimizer };
  for (const [name, value] of Object.entries({ ...factsOf(model), optimizer })) {
    if (JSON.stringify(value) === JSON.stringify(theirs[name])) continue;
    throw new AppError("CHECKPOINT_INVALID", {
      required: `a checkpoint of this training, with ${name} ${JSON.stringify(value)}`,
      received: JSON.stringify(theirs[name]),
      where: path,
      hint: "give the same data and settings as before, or train anew without --resume",
    });
  }
  return checkpoint.snapshot;
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
