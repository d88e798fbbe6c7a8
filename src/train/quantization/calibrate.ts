/** Calibration: which values the activations of a network take on pictures of its training. */
import { throwIfCancelled } from "../../base/cancel.ts";
import type { ProgressHandle } from "../../base/progress.ts";
import { type Pack, readPixels } from "../../dataset/pack/pack.ts";
import { sizeOf } from "../../graph/tensor-type.ts";
import { type Graph, graph as graphOf, type Value } from "../../graph/value.ts";
import type { Executor } from "../../runtime/executor.ts";

/** How often the values of one tensor fell into each of equal parts of its range. */
export interface ActivationHistogram {
  readonly low: number;
  readonly high: number;
  readonly counts: Float64Array;
}

export interface CalibrationOptions {
  /** The float graph, with the one input `pictures`. */
  readonly graph: Graph;
  /** The values that are measured, float32. */
  readonly values: readonly Value[];
  readonly pack: Pack;
  /** The pictures, as positions in the pack. */
  readonly indices: Uint32Array;
  readonly executor: Executor;
  readonly task: ProgressHandle;
  readonly signal?: AbortSignal | undefined;
}

/** Enough to find 1 part in 10,000 of the values to within a tenth of a step of 8 bits. */
export const histogramBins = 2048;

/** Values of one tensor that are counted of one batch, evenly spread; least and greatest are of all. */
const countedValues = 2 ** 18;

/** Activations that are outputs at the same time. */
const activationBytes = 128 * 2 ** 20;

/**
 * A histogram of each value, from two runs over the pictures: one for least and greatest value, one
 * that counts. Activations are in memory for one small batch at a time.
 * Errors: those of the pack's store; EXECUTION_FAILED, INTERRUPTED.
 */
export async function calibrate(options: CalibrationOptions): Promise<ReadonlyMap<Value, ActivationHistogram>> {
  const { graph, values, executor } = options;
  const measured = graphOf(
    graph.name,
    graph.inputs,
    Object.fromEntries(values.map((value, at) => [`activation${at}`, value])),
  );
  const program = await executor.load(measured);
  try {
    const ranges = values.map(() => ({ low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }));
    await eachBatch(options, program, (data, at) => widen(ranges[at]!, data));
    const histograms = ranges.map(({ low, high }) => ({ low, high, counts: new Float64Array(histogramBins) }));
    await eachBatch(options, program, (data, at) => count(histograms[at]!, data));
    return new Map(values.map((value, at) => [value, histograms[at]!]));
  } finally {
    await program.close();
  }
}

async function eachBatch(
  { values, pack, indices, task, signal }: CalibrationOptions,
  program: Awaited<ReturnType<Executor["load"]>>,
  see: (data: Float32Array, at: number) => void,
): Promise<void> {
  const bytesEach = values.reduce((sum, { type }) => sum + 4 * sizeOf(type.shape.slice(1).map(knownSize)), 0);
  const batchSize = Math.min(32, Math.max(1, Math.floor(activationBytes / bytesEach)));
  const { height, width, channels } = pack.recipe;
  for (let start = 0; start < indices.length; start += batchSize) {
    throwIfCancelled(signal);
    const chosen = indices.subarray(start, start + batchSize);
    const data = await readPixels(pack, chosen);
    const shape = [chosen.length, height, width, channels];
    const outputs = await program.run({ pictures: { dtype: "uint8", shape, data } });
    for (const at of values.keys()) see(outputs[`activation${at}`]!.data as Float32Array, at); // values are float32
    task.advance(chosen.length);
  }
}

/** A size that is known when the graph runs alone is left out of the estimate. */
function knownSize(dim: number | string): number {
  return typeof dim === "number" ? dim : 1;
}

function widen(range: { low: number; high: number }, data: Float32Array): void {
  let { low, high } = range;
  // By index: twice as fast as an iterator, and this is most of the time.
  for (let at = 0; at < data.length; at++) {
    const value = data[at]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  range.low = low;
  range.high = high;
}

function count({ low, high, counts }: ActivationHistogram, data: Float32Array): void {
  const factor = high > low ? histogramBins / (high - low) : 0;
  const last = histogramBins - 1;
  // Odd, so that it does not run along the columns of a picture.
  const stride = Math.ceil(data.length / countedValues) | 1;
  for (let at = 0; at < data.length; at += stride) {
    const bin = Math.min(last, Math.floor((data[at]! - low) * factor));
    counts[bin] = counts[bin]! + 1;
  }
}
