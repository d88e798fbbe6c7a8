/** Training, from the first weights to the best ones. */
import { isAppError } from "../../base/errors.ts";
import { memoryLimit } from "../../base/machine/memory-limit.ts";
import { silentProgress } from "../../base/progress.ts";
import { formatRate } from "../../base/quantity.ts";
import { createRandom, type Random } from "../../base/random.ts";
import { countBatches } from "../../dataset/pack/loader.ts";
import { indicesOf } from "../../dataset/pack/pack.ts";
import type { Weights } from "../../nn/inference-graph.ts";
import { adamw } from "../step/optimizer.ts";
import { averageName } from "../step/step.ts";
import { explainShortage } from "../step/step-memory.ts";
import type { StateVectors } from "../step/step-runner.ts";
import { type Course, createCourse } from "./course.ts";
import { type EpochResult, startOfEpoch, trainEpoch } from "./epoch.ts";
import { Evaluator } from "./evaluator.ts";
import { checkFit, divergence } from "./fit-errors.ts";
import type { BestWeights, EpochMetrics, EpochPosition, FitOptions, FitResult } from "./fit-options.ts";
import { StagedTraining } from "./staged-training.ts";

/**
 * Trains a model and validates it after every epoch.
 * Throws CONFIG_INVALID for a batch larger than the training set, or for no validation pictures;
 * TRAIN_DIVERGED (a `DivergenceError` that holds the last good weights) where a loss is NaN or
 * infinite; TRAIN_OUT_OF_MEMORY; CHECKPOINT_INVALID for a snapshot of another network, size, labels
 * or optimizer.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  checkFit(options);
  const random = createRandom(options.seed);
  const evaluator = await Evaluator.start(options.executor, options.model, options.batchSize);
  let training: StagedTraining | undefined;
  try {
    training = await StagedTraining.start(options, random);
    return await runEpochs(options, training, evaluator, random);
  } catch (error) {
    throw explainShortage(error, { ...options, optimizer: options.optimizer ?? adamw() }, memoryLimit());
  } finally {
    await training?.close();
    await evaluator.close();
  }
}

async function runEpochs(
  options: FitOptions,
  training: StagedTraining,
  evaluator: Evaluator,
  random: Random,
): Promise<FitResult> {
  const { pack, batchSize, patience, resume, signal } = options;
  const { progress = silentProgress, nowMs = () => performance.now() } = options;
  const total = indicesOf(pack, "train").length;
  const stepsPerEpoch = countBatches(pack, "train", { batchSize, last: "wrap" });
  const course = createCourse(options, stepsPerEpoch);
  const history: EpochMetrics[] = [...(resume?.history ?? [])];
  let best = resume?.best;
  let from = resume?.position ?? startOfEpoch;
  let stepsBefore = (resume?.step ?? 0) - from.batches;
  let lastGood = copyWeights(training.state());
  let checkpointAt = nowMs();
  const firstEpoch = (resume?.epoch ?? 0) + 1;
  // Who goes on after an early stop wants to wait once more; who goes on after an interruption, as
  // if there had been none.
  const hadStopped = resume !== undefined && resume.epoch - (resume.best?.epoch ?? 0) >= (patience ?? Infinity);
  const patientSince = hadStopped ? resume.epoch : 0;
  const resultOf = (end: FitResult["end"], last: Weights): FitResult => {
    return { end, best: best ?? last, last, bestEpoch: best?.epoch ?? 0, history };
  };
  const keep = async (epoch: number, position: EpochPosition): Promise<void> => {
    checkpointAt = nowMs();
    const step = stepsBefore + position.batches;
    const elapsedMs = course.elapsedMs();
    await options.onCheckpoint?.({
      epoch,
      step,
      position,
      elapsedMs,
      epochStartedMs: position.batches > 0 ? course.epochStartedMs() : elapsedMs,
      validationMs: course.validationMs(),
      state: copyVectors(training.state()),
      history: [...history],
      best,
    });
  };

  for (let epoch = firstEpoch; course.hasEpoch(epoch); epoch++) {
    const startMs = nowMs();
    const { step, runner } = await training.enter(course.stageOf(epoch));
    const bar = progress.start({ label: epochLabel(epoch, options), total, unit: "images" });
    const trained = await trainEpoch({
      step,
      runner,
      pack,
      batchSize,
      random: random.split("epoch").split(epoch),
      from,
      stepsBefore,
      learningRateAt: course.learningRateAt,
      averageShareAt: course.averageShareAt,
      async afterStep(position) {
        const { checkpointMs } = options;
        const isDue = checkpointMs !== undefined && nowMs() - checkpointAt >= checkpointMs;
        if (isDue && position.batches < stepsPerEpoch) await keep(epoch - 1, position);
        return course.isOver();
      },
      progress: bar,
      signal,
    });
    const trainedMs = nowMs() - startMs;
    const validated = await validate(options, evaluator, training, trained, course);
    const loss = validated?.loss ?? trained.lastLoss;
    if (!Number.isFinite(loss)) {
      bar.fail("the loss is no finite number");
      const point = { epoch, step: stepsBefore + trained.position.batches, loss, learningRate: trained.learningRate };
      throw divergence(point, resultOf("diverged", lastGood));
    }
    if (!validated) {
      bar.fail("interrupted");
      if (trained.position.batches > 0) await keep(epoch - 1, trained.position);
      return resultOf("interrupted", copyWeights(training.state()));
    }

    lastGood = copyWeights(training.state());
    const { batches, lossSum, correct } = trained.position;
    const metrics: EpochMetrics = {
      epoch,
      trainLoss: lossSum / batches,
      trainAccuracy: correct / (batches * batchSize),
      validationLoss: validated.loss,
      validationAccuracy: validated.accuracy,
      learningRate: trained.learningRate,
      imagesPerSecond: trainedMs > 0 ? ((batches - from.batches) * batchSize * 1000) / trainedMs : 0,
      durationMs: course.elapsedMs() - course.epochStartedMs(),
    };
    history.push(metrics);
    const isBest = isBetter(validated, best);
    if (isBest) {
      best = { ...lastGood, epoch, validationAccuracy: validated.accuracy, validationLoss: validated.loss };
    }
    stepsBefore += batches;
    from = startOfEpoch;
    bar.done(describeEpoch(metrics));
    await keep(epoch, startOfEpoch);
    await options.onEpoch?.({ metrics, isBest, elapsedMs: course.elapsedMs() });
    const staleSince = Math.max(best?.epoch ?? 0, patientSince);
    if (patience !== undefined && epoch - staleSince >= patience && course.hasEpoch(epoch + 1)) {
      return resultOf("stopped-early", lastGood);
    }
  }
  return resultOf("finished", lastGood);
}

/** Validation, or `undefined` where it, or the epoch before it, did not come to its end. */
async function validate(
  { pack, signal, nowMs = () => performance.now() }: FitOptions,
  evaluator: Evaluator,
  training: StagedTraining,
  { end }: EpochResult,
  course: Course,
) {
  if (end === "interrupted" || end === "diverged") return undefined;
  const startMs = nowMs();
  try {
    const evaluation = await evaluator.evaluate(weightsOf(training.state()), pack, "val", signal);
    course.validated(nowMs() - startMs);
    return evaluation;
  } catch (error) {
    if (isAppError(error, "INTERRUPTED")) return undefined;
    throw error;
  }
}

function isBetter(candidate: { accuracy: number; loss: number }, best: BestWeights | undefined): boolean {
  if (!best || candidate.accuracy > best.validationAccuracy) return true;
  return candidate.accuracy === best.validationAccuracy && candidate.loss < best.validationLoss;
}

/** The weights that count: the averages where there are any. */
function weightsOf(state: StateVectors): Weights {
  const of = (name: "parameters" | "statistics") => state[averageName(name)] ?? state[name];
  return { parameters: of("parameters")!, statistics: of("statistics") ?? new Float32Array(0) };
}

function copyWeights(state: StateVectors): Weights {
  const { parameters, statistics } = weightsOf(state);
  return { parameters: parameters.slice(), statistics: statistics.slice() };
}

function copyVectors(state: StateVectors): StateVectors {
  return Object.fromEntries(Object.entries(state).map(([name, vector]) => [name, vector.slice()]));
}

function epochLabel(epoch: number, { epochs, timeMs }: FitOptions): string {
  return timeMs === undefined ? `epoch ${epoch}/${epochs}` : `epoch ${epoch}`;
}

/** One line for a bar's end or a log: losses, accuracies, throughput. */
function describeEpoch({ trainLoss, validationLoss, validationAccuracy, imagesPerSecond }: EpochMetrics): string {
  const percent = `${(100 * validationAccuracy).toFixed(2)} %`;
  const rate = formatRate(imagesPerSecond, "images");
  return `loss ${trainLoss.toFixed(4)}, validation loss ${validationLoss.toFixed(4)}, accuracy ${percent}, ${rate}`;
}
