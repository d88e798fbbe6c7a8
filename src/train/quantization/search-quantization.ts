/** The way of quantising that suits a network: ranges by accuracy, layers that stay float by speed. */
import type { Progress, ProgressHandle } from "../../base/progress.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import { type LoadedBundle, runProgram } from "../../bundle/load-bundle.ts";
import { type Pack, readPixels } from "../../dataset/pack/pack.ts";
import type { Graph, Value } from "../../graph/value.ts";
import { evaluateAnswers } from "../../metrics/classification-metrics.ts";
import type { Latency } from "../../metrics/latency-figures.ts";
import type { Executor } from "../../runtime/executor.ts";
import { predictSplit, type SplitPredictions } from "../evaluation/predict-split.ts";
import { chooseRange, type RangeMethod, rangeMethods } from "./activation-range.ts";
import type { ActivationHistogram } from "./calibrate.ts";
import { compareLatency } from "./compare-latency.ts";
import { insertQuantization } from "./insert-quantization.ts";
import { type Placement, type PlacementOptions, placeQuantization } from "./placement.ts";
import { portableLevels } from "./quantize-weights.ts";

/** One way that was tried, with its figures on the validation split. */
export interface QuantizationTrial extends PlacementOptions {
  readonly method: RangeMethod;
  readonly accuracy: number;
  readonly loss: number;
  /** Measured of those that differ in their layers. */
  readonly latency?: Latency;
}

export interface FoundQuantization {
  readonly graph: Graph;
  readonly placement: Placement;
  readonly trial: QuantizationTrial;
  readonly trials: readonly QuantizationTrial[];
  /** To the pictures of the validation split. */
  readonly validation: SplitPredictions;
}

export interface SearchOptions {
  /** The prepared float graph. */
  readonly graph: Graph;
  readonly info: BundleInfo;
  readonly histograms: ReadonlyMap<Value, ActivationHistogram>;
  /** The methods that may be chosen. */
  readonly methods?: readonly RangeMethod[];
  readonly pack: Pack;
  readonly validation: Uint32Array;
  readonly batchSize: number;
  readonly executor: Executor;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** Every way of leaving the first or the last layer in floats that leaves something to quantise. */
export function placementsOf(graph: Graph): readonly (Placement & PlacementOptions)[] {
  const sides = [false, true];
  return sides
    .flatMap((keepsFirst) => sides.map((keepsLast) => ({ keepsFirst, keepsLast })))
    .map((options) => ({ ...options, ...placeQuantization(graph, options) }))
    .filter(({ quantizedLayers }) => quantizedLayers > 0);
}

/** Speeds that differ by less are one speed. */
const sameSpeed = 1.03;

/** For each of the graphs and each size of batch. */
const budgetMs = 400;

/**
 * First the method with the best accuracy on the validation split, the lower loss where two are equal,
 * with every layer quantised. Then, with that method, the fastest placement among those whose accuracy is no worse than
 * with every layer quantised; of equally fast ones the one with the best accuracy, then the lowest loss.
 */
export async function searchQuantization(options: SearchOptions): Promise<FoundQuantization> {
  const { graph, methods = rangeMethods, validation, progress } = options;
  const [whole, ...others] = placementsOf(graph);
  const total = (methods.length + others.length) * validation.length;
  const task = progress.start({ label: "quantise", total, unit: "images" });
  const tried: Tried[] = [];
  try {
    for (const method of methods) tried.push(await tryOut(options, task, whole!, method));
    const best = bestOf(tried);
    const rivals = [best];
    for (const placement of others) {
      const next = await tryOut(options, task, placement, best.trial.method);
      tried.push(next);
      if (next.trial.accuracy >= best.trial.accuracy) rivals.push(next);
    }
    task.done();
    return await fastestOf(rivals, tried, options);
  } finally {
    task.fail();
    for (const { bundle } of tried) await bundle.close();
  }
}

async function fastestOf(
  rivals: readonly Tried[],
  tried: readonly Tried[],
  { pack, validation, now, signal }: SearchOptions,
): Promise<FoundQuantization> {
  const pixels = await readPixels(pack, validation.subarray(0, 32));
  const bundles = rivals.map(({ bundle }) => bundle);
  const latencies = await compareLatency(bundles, pixels, { budgetMs, now, signal });
  const fastest = Math.max(...latencies.map(speedOf));
  const chosen = bestOf(rivals.filter((_, at) => speedOf(latencies[at]!) * sameSpeed >= fastest));
  const trialOf = (one: Tried): QuantizationTrial => {
    const latency = latencies[rivals.indexOf(one)];
    return { ...one.trial, ...(latency && { latency }) };
  };
  const { graph, placement, answers } = chosen;
  return { graph, placement, trial: trialOf(chosen), trials: tried.map(trialOf), validation: answers };
}

interface Tried {
  readonly graph: Graph;
  readonly placement: Placement;
  readonly bundle: LoadedBundle;
  readonly answers: SplitPredictions;
  readonly trial: QuantizationTrial;
}

async function tryOut(
  { graph: source, info, histograms, pack, validation, batchSize, executor, signal }: SearchOptions,
  task: ProgressHandle,
  { keepsFirst, keepsLast, ...placement }: Placement & PlacementOptions,
  method: RangeMethod,
): Promise<Tried> {
  const ranges = new Map([...histograms].map(([value, histogram]) => [value, chooseRange(histogram, method)]));
  const graph = insertQuantization(source, placement, ranges, portableLevels);
  const bundle = await bundleOf(graph, info, executor);
  try {
    const answers = await predictSplit(bundle, pack, validation, { batchSize, progress: within(task), signal });
    const { accuracy, loss } = evaluateAnswers(answers, info.labels);
    return { graph, placement, bundle, answers, trial: { method, keepsFirst, keepsLast, accuracy, loss } };
  } catch (error) {
    await bundle.close();
    throw error;
  }
}

/** By accuracy, then by loss. */
function bestOf(tried: readonly Tried[]): Tried {
  return tried.reduce((a, b) => {
    const isBetter =
      a.trial.accuracy === b.trial.accuracy ? b.trial.loss < a.trial.loss : b.trial.accuracy > a.trial.accuracy;
    return isBetter ? b : a;
  });
}

/** Geometric mean of pictures in a second, alone and in batches. */
function speedOf({ one, batch }: Latency): number {
  return Math.sqrt(one.picturesPerSecond * batch.picturesPerSecond);
}

/** A graph that is ready to answer as the bundle does. */
export async function bundleOf(graph: Graph, info: BundleInfo, executor: Executor): Promise<LoadedBundle> {
  const program = await executor.load(graph);
  return {
    info,
    runs: executor.runs,
    answer: (pixels) => runProgram(program, info, pixels),
    close: () => program.close(),
  };
}

/** The progress of a part, counted on the whole's handle. */
export function within(task: ProgressHandle): { readonly start: () => ProgressHandle } {
  return { start: () => ({ advance: (count, info) => task.advance(count, info), done: () => {}, fail: () => {} }) };
}
