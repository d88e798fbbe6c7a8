/** One pass over the training pictures: shuffle, fill a batch, step, repeat. */
import type { ProgressHandle } from "../../base/progress.ts";
import type { Random } from "../../base/random.ts";
import { batches, createBatch } from "../../dataset/pack/loader.ts";
import type { Pack } from "../../dataset/pack/pack.ts";
import { sizeOf, type TensorData } from "../../graph/tensor-type.ts";
import { createShrinker } from "../../image/shrink-pixels.ts";
import { drawAugmentation } from "../../nn/augment/draw.ts";
import { numbersPerPicture } from "../../nn/augment/numbers.ts";
import { feedOf } from "../../nn/model-input.ts";
import type { TrainStep } from "../step/step.ts";
import type { StepRunner } from "../step/step-runner.ts";
import type { EpochPosition, StepReport } from "./fit-options.ts";

export interface EpochTask {
  readonly runner: StepRunner;
  readonly step: TrainStep;
  readonly pack: Pack;
  readonly batchSize: number;
  /** Decides order, augmentation and dropout of this epoch. */
  readonly random: Random;
  /** Where to begin: after the batches that were done before an interruption. */
  readonly from: EpochPosition;
  /** Steps taken before this epoch. */
  readonly stepsBefore: number;
  learningRateAt(step: number): number;
  averageShareAt(step: number): number;
  readonly onStep?: ((report: StepReport) => void) | undefined;
  /** Called after each step and awaited; true ends the epoch: the time budget is used up. */
  afterStep(position: EpochPosition): Promise<boolean>;
  readonly progress: ProgressHandle;
  readonly signal: AbortSignal | undefined;
}

export interface EpochResult {
  readonly position: EpochPosition;
  /** Of the last step; 0 for no steps. */
  readonly lastLoss: number;
  /** Of the last step. */
  readonly learningRate: number;
  /** `time`: the time budget is used up; `diverged`: the last loss is not finite. */
  readonly end: "complete" | "time" | "interrupted" | "diverged";
}

export const startOfEpoch: EpochPosition = { batches: 0, lossSum: 0, correct: 0 };

/**
 * Every training picture once, in random order; the last batch is filled up with the first ones.
 */
export async function trainEpoch(task: EpochTask): Promise<EpochResult> {
  const { runner, step, pack, batchSize, random, from, progress, signal } = task;
  const { augmentation } = step;
  const { size, activations } = step.input;
  const augmentRandom = random.split("augmentation");
  const maskRandom = random.split("masks");
  const batch = createBatch(pack, batchSize);
  const isSmaller = !activations && (size.height !== pack.recipe.height || size.width !== pack.recipe.width);
  const fed = isSmaller ? new Uint8Array(batchSize * size.height * size.width * size.channels) : batch.pixels;
  const shrink = isSmaller ? createShrinker(pack.recipe, size, size.channels) : undefined;
  const perPicture = numbersPerPicture(size.channels);
  const numbers = new Float32Array(batchSize * perPicture);
  const masks = step.masks.map((mask) => ({ ...mask, data: new Float32Array(sizeOf(mask.shape)) }));
  const feeds: Record<string, TensorData> = {
    ...feedOf(step.input, batchSize, fed),
    targets: { dtype: "int32", shape: [batchSize], data: batch.targets },
  };
  if (augmentation) feeds.augmentation = { dtype: "float32", shape: [batchSize, perPicture], data: numbers };
  for (const { name, shape, data } of masks) feeds[name] = { dtype: "float32", shape, data };

  let position = from;
  let lastLoss = 0;
  // An epoch that was interrupted during its validation has no steps left.
  let learningRate = from.batches === 0 ? 0 : task.learningRateAt(task.stepsBefore + from.batches - 1);
  const resultWith = (end: EpochResult["end"]): EpochResult => ({ position, lastLoss, learningRate, end });
  const order = { batchSize, shuffle: random.split("order"), last: "wrap", into: batch, skip: from.batches } as const;
  for await (const { count } of batches(pack, "train", order)) {
    if (signal?.aborted) return resultWith("interrupted");
    const at = position.batches;
    shrink?.(batch.pixels, fed);
    // A stream for each batch, so that a resumed epoch draws the same numbers.
    if (augmentation) drawAugmentation(augmentRandom.split(at), augmentation, numbers);
    const batchMaskRandom = maskRandom.split(at);
    for (const { data, rate } of masks) drawMask(batchMaskRandom, rate, data);

    const done = task.stepsBefore + at;
    learningRate = task.learningRateAt(done);
    const result = await runner.run(feeds, { learningRate, step: done + 1 }, task.averageShareAt(done));
    lastLoss = result.loss;
    position = {
      batches: at + 1,
      lossSum: position.lossSum + lastLoss,
      correct: position.correct + result.correct,
    };
    task.onStep?.({ step: done + 1, loss: lastLoss, learningRate });
    if (!Number.isFinite(lastLoss)) return resultWith("diverged");
    progress.advance(count, `loss ${(position.lossSum / position.batches).toFixed(4)}`);
    if (await task.afterStep(position)) return resultWith("time");
  }
  return resultWith("complete");
}

function drawMask(random: Random, rate: number, into: Float32Array): void {
  for (let index = 0; index < into.length; index++) into[index] = random.next() < rate ? 0 : 1;
}
