/** A bundle's predictions for pictures of a pack, with what is known of each picture. */

import { throwIfCancelled } from "../../base/cancel.ts";
import type { Progress } from "../../base/progress.ts";
import type { LoadedBundle } from "../../bundle/load-bundle.ts";
import { measurePixels } from "../../dataset/inspection/scan/measure-pixels.ts";
import { type Pack, readPixels } from "../../dataset/pack/pack.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import type { Answers } from "../../metrics/classification-metrics.ts";
import { temperatureBetween } from "../../metrics/temperature-between.ts";

export interface SplitPredictions extends Answers {
  /**
   * `[count, labels]` row-major, divided by the bundle's temperature: their softmax is what the
   * bundle gives as probabilities.
   */
  readonly logits: Float32Array;
  /** Class indices as the bundle counts them. */
  readonly targets: Int32Array;
  readonly ids: readonly string[];
  /** Mean luma of the resized picture, 0 to 255. */
  readonly brightness: readonly number[];
  /** By which the bundle divides its logits; 1 where it was not calibrated. */
  readonly temperature: number;
}

export interface PredictSplitOptions {
  readonly batchSize: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Predictions for the pictures at `indices` of a pack, in their order; the pack's targets must be
 * the bundle's class indices. While one batch is computed the next is read. Errors: those of the
 * pack's store; EXECUTION_FAILED, INTERRUPTED.
 */
export async function predictSplit(
  bundle: LoadedBundle,
  pack: Pack,
  indices: Uint32Array,
  { batchSize, progress, signal }: PredictSplitOptions,
): Promise<SplitPredictions> {
  const { labels, recipe } = bundle.info;
  const rawLogits = new Float32Array(indices.length * labels.length);
  const probabilities = new Float32Array(rawLogits.length);
  const brightness: number[] = [];
  const task = progress.start({ label: "evaluate", total: indices.length, unit: "images" });
  const readFrom = (start: number): Promise<Uint8Array> => {
    const read = readPixels(pack, indices.subarray(start, start + batchSize));
    // A failure is thrown where the read is awaited; until then it is no unhandled rejection.
    read.catch(() => undefined);
    return read;
  };
  let upcoming = readFrom(0);
  try {
    for (let start = 0; start < indices.length; start += batchSize) {
      throwIfCancelled(signal);
      const pixels = await upcoming;
      upcoming = readFrom(start + batchSize);
      const answers = await bundle.answer(pixels);
      rawLogits.set(answers.logits, start * labels.length);
      probabilities.set(answers.probabilities, start * labels.length);
      const size = recipeSizeBytes(recipe);
      for (let at = 0; at < pixels.length; at += size) {
        brightness.push(measurePixels({ ...recipe, pixels: pixels.subarray(at, at + size) }).brightness);
      }
      task.advance(pixels.length / size);
    }
  } catch (error) {
    // The pack must not be closed while it is being read.
    await upcoming.catch(() => undefined);
    task.fail();
    throw error;
  }
  task.done();
  const temperature = temperatureBetween(rawLogits, probabilities, labels.length);
  return {
    logits: temperature === 1 ? rawLogits : rawLogits.map((logit) => logit / temperature),
    targets: Int32Array.from(indices, (index) => pack.targets[index]!),
    ids: Array.from(indices, (index) => pack.ids[index]!),
    brightness,
    temperature,
  };
}
