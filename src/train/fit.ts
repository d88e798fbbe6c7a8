/** Training, from the first weights to the best ones. */
import { isAppError } from "../base/errors.ts";
import { silentProgress } from "../base/progress.ts";
import { formatRate } from "../base/quantity.ts";
import type { Random } from "../base/random.ts";
import { createRandom } from "../base/random.ts";
import type { Pack } from "../dataset/pack/index.ts";
import { countBatches, indicesOf } from "../dataset/pack/index.ts";
import { noAugmentation } from "../nn/augment/index.ts";
import type { Weights } from "../nn/inference-graph.ts";
import { trainEpoch } from "./epoch.ts";
import { Evaluator } from "./evaluate.ts";
import { checkFit, divergence } from "./fit-errors.ts";
import type { BestWeights, EpochMetrics, FitOptions, FitResult, Snapshot } from "./fit-options.ts";
import { adamw } from "./optimizer.ts";
import { oneCycle } from "./schedule.ts";
import type { TrainStep } from "./step.ts";
import { buildTrainStep } from "./step.ts";
import type { StateVectors } from "./step-runner.ts";
import { initialState, StepRunner } from "./step-runner.ts";

/**
 * Trains a model and validates it after every epoch.
 * Throws CONFIG_INVALID for a batch larger than the training set; TRAIN_DIVERGED (a `DivergenceError` that holds the last
 * good weights) where a loss is NaN or infinite; CHECKPOINT_INVALID for a snapshot of another network or optimizer.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  checkFit(options);
  const { executor, model, batchSize } = options;
  const { schedule = oneCycle(), optimizer = adamw(), augmentation = noAugmentation } = options;
  const random = createRandom(options.seed);
  const step = buildTrainStep({ ...options, optimizer, augmentation });
  const start = options.resume?.state ?? initialState(step, optimizer, random.split("weights"));
  const runner = await StepRunner.start(executor, step, optimizer, start);
  try {
    const evaluator = await Evaluator.start(executor, model, batchSize);
    try {
      const stepsPerEpoch = countBatches(options.pack, "train", { batchSize, last: "wrap" });
      const totalSteps = options.epochs * stepsPerEpoch;
      const learningRateAt = (at: number) => options.learningRate * schedule(at, totalSteps);
      return await runEpochs(options, { step, runner, evaluator, random, stepsPerEpoch, learningRateAt });
    } finally {
      await evaluator.close();
    }
  } finally {
    await runner.close();
  }
}

interface Loop {
  readonly step: TrainStep;
  readonly runner: StepRunner;
  readonly evaluator: Evaluator;
  readonly random: Random;
  readonly stepsPerEpoch: number;
  learningRateAt(step: number): number;
}

async function runEpochs(options: FitOptions, loop: Loop): Promise<FitResult> {
  const { model, pack, epochs, batchSize, patience, resume, signal } = options;
  const { progress = silentProgress, nowMs = () => performance.now() } = options;
  const { runner, evaluator, stepsPerEpoch } = loop;
  const total = indicesOf(pack, "train").length;
  const history: EpochMetrics[] = [...(resume?.history ?? [])];
  let best = resume?.best;
  let lastGood = copyWeights(runner.state());
  const resultOf = (end: FitResult["end"], last: Weights): FitResult => {
    return { end, best: best ?? last, last, bestEpoch: best?.epoch ?? 0, history };
  };

  for (let epoch = (resume?.epoch ?? 0) + 1; epoch <= epochs; epoch++) {
    const startMs = nowMs();
    const bar = progress.start({ label: `epoch ${epoch}/${epochs}`, total, unit: "images" });
    const trained = await trainEpoch({
      ...loop,
      size: model.size,
      pack,
      batchSize,
      random: loop.random.split("epoch").split(epoch),
      stepsBefore: (epoch - 1) * stepsPerEpoch,
      progress: bar,
      signal,
    });
    const trainedMs = nowMs() - startMs;
    const isComplete = trained.end === "complete";
    const validated = isComplete ? await validate(evaluator, weightsOf(runner.state()), pack, signal) : undefined;
    const step = (epoch - 1) * stepsPerEpoch + trained.steps;
    const loss = validated?.loss ?? trained.lastLoss;
    if (!Number.isFinite(loss)) {
      bar.fail("the loss is no finite number");
      throw divergence({ epoch, step, loss, learningRate: trained.learningRate }, resultOf("diverged", lastGood));
    }
    if (!validated) {
      bar.fail("interrupted");
      return resultOf("interrupted", copyWeights(runner.state()));
    }

    lastGood = copyWeights(runner.state());
    const metrics: EpochMetrics = {
      epoch,
      trainLoss: trained.loss,
      trainAccuracy: trained.accuracy,
      validationLoss: validated.loss,
      validationAccuracy: validated.accuracy,
      learningRate: trained.learningRate,
      imagesPerSecond: trainedMs > 0 ? (trained.steps * batchSize * 1000) / trainedMs : 0,
      durationMs: nowMs() - startMs,
    };
    history.push(metrics);
    const isBest = isBetter(validated, best);
    if (isBest) {
      best = { ...lastGood, epoch, validationAccuracy: validated.accuracy, validationLoss: validated.loss };
    }
    bar.done(describeEpoch(metrics));
    const snapshot = (): Snapshot => ({ epoch, step, state: copyVectors(runner.state()), history: [...history], best });
    await options.onEpoch?.({ metrics, isBest, snapshot });
    const isStale = patience !== undefined && epoch - (best?.epoch ?? 0) >= patience;
    if (isStale && epoch < epochs) return resultOf("stopped-early", lastGood);
  }
  return resultOf("finished", lastGood);
}

/** Validation, or `undefined` where it was interrupted. */
async function validate(evaluator: Evaluator, weights: Weights, pack: Pack, signal?: AbortSignal) {
  try {
    return await evaluator.evaluate(weights, pack, "val", signal);
  } catch (error) {
    if (isAppError(error, "INTERRUPTED")) return undefined;
    throw error;
  }
}

function isBetter(candidate: { accuracy: number; loss: number }, best: BestWeights | undefined): boolean {
  if (!best || candidate.accuracy > best.validationAccuracy) return true;
  return candidate.accuracy === best.validationAccuracy && candidate.loss < best.validationLoss;
}

function weightsOf(state: StateVectors): Weights {
  return { parameters: state.parameters!, statistics: state.statistics ?? new Float32Array(0) };
}

function copyWeights(state: StateVectors): Weights {
  const { parameters, statistics } = weightsOf(state);
  return { parameters: parameters.slice(), statistics: statistics.slice() };
}

function copyVectors(state: StateVectors): StateVectors {
  return Object.fromEntries(Object.entries(state).map(([name, vector]) => [name, vector.slice()]));
}

/** One line for a bar's end or a log: losses, accuracies, throughput. */
export function describeEpoch({
  trainLoss,
  validationLoss,
  validationAccuracy,
  imagesPerSecond,
}: EpochMetrics): string {
  const percent = `${(100 * validationAccuracy).toFixed(2)} %`;
  const rate = formatRate(imagesPerSecond, "images");
  return `loss ${trainLoss.toFixed(4)}, validation loss ${validationLoss.toFixed(4)}, accuracy ${percent}, ${rate}`;
}
