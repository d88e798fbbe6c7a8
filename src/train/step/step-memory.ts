/** The memory of a training step, and the largest batch that fits. */
import { AppError, isAppError } from "../../base/errors.ts";
import { formatBytes } from "../../base/quantity.ts";
import { expandComposites } from "../../graph/lower.ts";
import { peakBytes } from "../../graph/peak-memory.ts";
import { buildTrainStep, type TrainStepOptions } from "./step.ts";

/**
 * Memory of the process without the step, and of the engine's arena relative to the peak of the
 * step's values. Fitted to the peaks that bench:train-step measures on the three reference nets
 * (322, 595 and 1262 MiB; this gives 292, 662 and 1290).
 */
const processBytes = 100 * 2 ** 20;
const arenaFactor = 2;

/** Bytes of a process that trains with this step. */
export function stepBytes(options: TrainStepOptions): number {
  return processBytes + arenaFactor * peakBytes(expandComposites(buildTrainStep(options).graph));
}

/**
 * The largest batch, a multiple of 16 from 16 on, whose step takes at most `bytes`; 0 where none
 * does.
 */
export function largestBatch(options: Omit<TrainStepOptions, "batchSize">, bytes: number): number {
  const [small, large] = [stepBytes({ ...options, batchSize: 1 }), stepBytes({ ...options, batchSize: 17 })];
  const perPicture = Math.max(1, (large - small) / 16);
  const fits = Math.floor((bytes - small) / perPicture) + 1;
  return fits < 16 ? Math.max(0, fits) : fits - (fits % 16);
}

/** Messages of ONNX Runtime and the C++ library where memory is short. */
const shortage = /failed to allocate memory|bad_alloc|out of memory|cannot allocate/i;

/**
 * Refuses a step that does not fit into `bytes`: the system might kill the process for it. Errors:
 * TRAIN_OUT_OF_MEMORY.
 */
export function requireMemory(options: TrainStepOptions, bytes: number): void {
  if (stepBytes(options) > bytes) throw shortageError(options, bytes);
}

/** TRAIN_OUT_OF_MEMORY, with the batch that fits into `bytes`, for an error of short memory. */
export function explainShortage(error: unknown, options: TrainStepOptions, bytes: number): unknown {
  return isAppError(error, "EXECUTION_FAILED") && shortage.test(error.message)
    ? shortageError(options, bytes, error)
    : error;
}

function shortageError(options: TrainStepOptions, bytes: number, cause?: unknown): AppError {
  const { batchSize } = options;
  const fits = Math.min(largestBatch(options, bytes), Math.ceil(batchSize / 2));
  return new AppError("TRAIN_OUT_OF_MEMORY", {
    required: `about ${formatBytes(stepBytes(options))} of memory for steps of ${batchSize} pictures`,
    received: `${formatBytes(bytes)} on this machine, other processes included`,
    hint:
      fits > 0
        ? `a \`batchSize\` of ${fits} should fit; \`accumulate\` ${Math.ceil(batchSize / fits)} keeps the larger batch's effect`
        : "choose a smaller `size` or network",
    cause,
  });
}
