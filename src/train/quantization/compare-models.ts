/** The float model and its quantised form on the same pictures: accuracy, calibration, latency, size. */
import type { Progress } from "../../base/progress.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import type { ParityReference } from "../../bundle/export-bundle.ts";
import type { LoadedBundle } from "../../bundle/load-bundle.ts";
import { type Pack, readPixels } from "../../dataset/pack/pack.ts";
import { encodeModel } from "../../graph/onnx/encode.ts";
import type { Graph } from "../../graph/value.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import { calibrationOf } from "../../metrics/calibration.ts";
import {
  type Answers,
  classCountOf,
  type Evaluation,
  evaluateAnswers,
  indexOfLargest,
  probabilitiesOf,
} from "../../metrics/classification-metrics.ts";
import type { Latency } from "../../metrics/latency-figures.ts";
import { fitTemperature } from "../../metrics/temperature.ts";
import type { Executor } from "../../runtime/executor.ts";
import { predictSplit, type SplitPredictions } from "../evaluation/predict-split.ts";
import { compareLatency } from "./compare-latency.ts";
import { type FigureRatios, type ModelFigures, ratiosOf } from "./quantized-figures.ts";
import { bundleOf, type FoundQuantization, within } from "./search-quantization.ts";
import { withTemperature } from "./with-temperature.ts";

export interface ModelComparisonFigures {
  readonly split: "test" | "val";
  readonly count: number;
  readonly float: ModelFigures;
  readonly int8: ModelFigures;
  readonly ratio: FigureRatios;
  /** Share of the pictures that both answer with the same class. */
  readonly sameAnswers: number;
}

export interface ComparedModels extends ModelComparisonFigures {
  /** The quantised graph at its temperature. */
  readonly graph: Graph;
  readonly answers: SplitPredictions;
  readonly evaluation: Evaluation;
  readonly calibration: QuantizedCalibration;
  /** The first pictures of the split with its answers. */
  readonly reference: ParityReference;
}

export interface QuantizedCalibration {
  /** By which the float model's logits are divided once more. */
  readonly temperature: number;
  readonly expectedCalibrationError: number;
  /** Without it. */
  readonly errorBefore: number;
}

export interface CompareModelsOptions {
  readonly float: Graph;
  readonly found: FoundQuantization;
  readonly info: BundleInfo;
  readonly pack: Pack;
  readonly split: "test" | "val";
  readonly indices: Uint32Array;
  readonly batchSize: number;
  readonly executor: Executor;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** For each model and each size of batch. */
const budgetMs = 2000;
const timedPictures = 32;
const referenceCount = 64;

/** The temperature is fitted to the validation split. Errors: EXECUTION_FAILED, INTERRUPTED. */
export async function compareModels(options: CompareModelsOptions): Promise<ComparedModels> {
  const { float, found, info, pack, split, indices, executor } = options;
  const { temperature } = fitTemperature(found.validation);
  const graph = withTemperature(found.graph, temperature);
  const floatBundle = await bundleOf(float, info, executor);
  const int8Bundle = await bundleOf(graph, info, executor).catch(async (error: unknown) => {
    await floatBundle.close();
    throw error;
  });
  try {
    const [floatAnswers, answers] = await answerBoth([floatBundle, int8Bundle], options);
    const pixels = await readPixels(pack, indices.subarray(0, referenceCount));
    const timed = pixels.subarray(0, timedPictures * recipeSizeBytes(info.recipe));
    const [floatLatency, int8Latency] = await timeBoth([floatBundle, int8Bundle], timed, options);
    const evaluation = evaluateAnswers(answers, info.labels);
    const floatFigures = figuresOf(float, evaluateAnswers(floatAnswers, info.labels), floatLatency);
    const int8Figures = figuresOf(graph, evaluation, int8Latency);
    const raw = { ...answers, logits: answers.logits.map((logit) => logit * temperature) };
    const shown = Array.from(indices.subarray(0, referenceCount).keys());
    return {
      split,
      count: indices.length,
      float: floatFigures,
      int8: int8Figures,
      ratio: ratiosOf(floatFigures, int8Figures),
      sameAnswers: shareOfSame(floatAnswers, answers),
      graph,
      answers,
      evaluation,
      calibration: {
        temperature,
        expectedCalibrationError: calibrationOf(answers).expectedCalibrationError,
        errorBefore: calibrationOf(raw).expectedCalibrationError,
      },
      reference: { pixels, probabilities: shown.flatMap((row) => probabilitiesOf(logitsOf(answers, row))) },
    };
  } finally {
    await floatBundle.close();
    await int8Bundle.close();
  }
}

type Both<T> = readonly [float: T, int8: T];

async function answerBoth(
  [float, int8]: Both<LoadedBundle>,
  { pack, indices, batchSize, progress, signal }: CompareModelsOptions,
): Promise<Both<SplitPredictions>> {
  const task = progress.start({ label: "evaluate", total: 2 * indices.length, unit: "images" });
  try {
    const settings = { batchSize, progress: within(task), signal };
    const answers: Both<SplitPredictions> = [
      await predictSplit(float, pack, indices, settings),
      await predictSplit(int8, pack, indices, settings),
    ];
    task.done();
    return answers;
  } finally {
    task.fail();
  }
}

async function timeBoth(
  bundles: Both<LoadedBundle>,
  pixels: Uint8Array,
  { now, progress, signal }: CompareModelsOptions,
): Promise<Both<Latency>> {
  const task = progress.start({ label: "time", total: (2 * bundles.length * budgetMs) / 1000, unit: "s" });
  let spentMs = 0;
  const onTurn = (durationMs: number): void => {
    const seconds = Math.floor((spentMs + durationMs) / 1000) - Math.floor(spentMs / 1000);
    spentMs += durationMs;
    if (seconds > 0) task.advance(seconds);
  };
  try {
    const settings = { batchSize: timedPictures, budgetMs, now, onTurn, signal };
    const [float, int8] = await compareLatency(bundles, pixels, settings);
    task.done();
    return [float!, int8!];
  } finally {
    task.fail();
  }
}

function figuresOf(model: Graph, { accuracy, loss }: Evaluation, latency: Latency): ModelFigures {
  return { accuracy, loss, latency, sizeBytes: encodeModel(model).byteLength };
}

function logitsOf(answers: Answers, row: number): Float32Array {
  const classes = classCountOf(answers);
  return answers.logits.subarray(row * classes, (row + 1) * classes);
}

function shareOfSame(a: Answers, b: Answers): number {
  const count = a.targets.length;
  let same = 0;
  for (let row = 0; row < count; row++) {
    if (indexOfLargest(logitsOf(a, row)) === indexOfLargest(logitsOf(b, row))) same++;
  }
  return same / count;
}
