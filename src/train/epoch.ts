/** One pass over the training pictures: shuffle, fill a batch, step, repeat. */
import type { ProgressHandle } from "../base/progress.ts";
import type { Random } from "../base/random.ts";
import type { Pack } from "../dataset/pack/index.ts";
import { batches, createBatch } from "../dataset/pack/index.ts";
import type { TensorData } from "../graph/tensor-type.ts";
import { sizeOf } from "../graph/tensor-type.ts";
import { drawAugmentation, numbersPerPicture } from "../nn/augment/index.ts";
import type { PictureSize } from "../nn/picture-input.ts";
import type { TrainStep } from "./step.ts";
import type { StepRunner } from "./step-runner.ts";

export interface EpochTask {
  readonly runner: StepRunner;
  readonly step: TrainStep;
  readonly pack: Pack;
  readonly size: PictureSize;
  readonly batchSize: number;
  /** Decides order, augmentation and dropout of this epoch and of no other. */
  readonly random: Random;
  /** Steps taken before this epoch. */
  readonly stepsBefore: number;
  learningRateAt(step: number): number;
  readonly progress: ProgressHandle;
  readonly signal: AbortSignal | undefined;
}

export interface EpochResult {
  /** Mean of the batches' losses, with label smoothing and augmentation, each before its update; NaN for no steps. */
  readonly loss: number;
  readonly accuracy: number;
  readonly steps: number;
  /** Of the last step; NaN where that is why the epoch ended, 0 for no steps. */
  readonly lastLoss: number;
  /** Of the last step. */
  readonly learningRate: number;
  /** Why it ended: all batches done, the signal aborted, or a loss that is no finite number. */
  readonly end: "complete" | "interrupted" | "diverged";
}

/** Every training picture once, in random order; the last batch is filled up from the front of the order. */
export async function trainEpoch(task: EpochTask): Promise<EpochResult> {
  const { runner, step, pack, size, batchSize, random, progress, signal } = task;
  const augmentRandom = random.split("augmentation");
  const maskRandom = random.split("masks");
  const batch = createBatch(pack, batchSize);
  const { augmentation } = step;
  const perPicture = numbersPerPicture(size.channels);
  const numbers = new Float32Array(batchSize * perPicture);
  const masks = step.masks.map((mask) => ({ ...mask, data: new Float32Array(sizeOf(mask.shape)) }));
  const feeds: Record<string, TensorData> = {
    pictures: { dtype: "uint8", shape: [batchSize, size.height, size.width, size.channels], data: batch.pixels },
    targets: { dtype: "int32", shape: [batchSize], data: batch.targets },
  };
  if (augmentation) feeds.augmentation = { dtype: "float32", shape: [batchSize, perPicture], data: numbers };
  for (const { name, shape, data } of masks) feeds[name] = { dtype: "float32", shape, data };

  let lossSum = 0;
  let correct = 0;
  let steps = 0;
  let lastLoss = 0;
  let learningRate = 0;
  const resultWith = (end: EpochResult["end"]): EpochResult => ({
    loss: lossSum / steps,
    accuracy: correct / (steps * batchSize),
    steps,
    lastLoss,
    learningRate,
    end,
  });
  const shuffle = random.split("order");
  for await (const { count } of batches(pack, "train", { batchSize, shuffle, last: "wrap", into: batch })) {
    if (signal?.aborted) return resultWith("interrupted");
    // Streams of the batch's own: what it draws follows from seed, epoch and its place in the epoch alone.
    if (augmentation) drawAugmentation(augmentRandom.split(steps), augmentation, numbers);
    const batchMaskRandom = maskRandom.split(steps);
    for (const { data, rate } of masks) drawMask(batchMaskRandom, rate, data);

    learningRate = task.learningRateAt(task.stepsBefore + steps);
    const result = await runner.run(feeds, { learningRate, step: task.stepsBefore + steps + 1 });
    lastLoss = result.loss;
    lossSum += lastLoss;
    correct += result.correct;
    steps += 1;
    if (!Number.isFinite(lastLoss)) return resultWith("diverged");
    progress.advance(count, `loss ${(lossSum / steps).toFixed(4)}`);
  }
  return resultWith("complete");
}

function drawMask(random: Random, rate: number, into: Float32Array): void {
  for (let index = 0; index < into.length; index++) into[index] = random.next() < rate ? 0 : 1;
}
