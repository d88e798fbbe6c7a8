/** Training, from the first weights to the best ones. */
import { isAppError } from "../../base/errors.ts";
import { memoryLimit } from "../../base/machine/memory-limit.ts";
import { formatRate } from "../../base/quantity.ts";
import { createRandom } from "../../base/random.ts";
import { countBatches } from "../../dataset/pack/loader.ts";
import { indicesOf } from "../../dataset/pack/pack.ts";
import { evaluateAnswers } from "../../metrics/classification-metrics.ts";
import { explainShortage } from "../step/step-memory.ts";
import { type EpochResult, startOfEpoch, trainEpoch } from "./epoch.ts";
import { Evaluator } from "./evaluator.ts";
import { checkFit, divergence } from "./fit-errors.ts";
import type { EpochMetrics, EpochPosition, FitOptions, FitResult } from "./fit-options.ts";
import { epochLabel, stepOptionsOf } from "./fit-plan.ts";
import { averageShareAt } from "./schedule.ts";
import { StagedTraining } from "./staged-training.ts";
import { createTrainingClock, type TrainingClock } from "./training-clock.ts";
import { TrainingRecord } from "./training-record.ts";

/**
 * Trains a model and validates it after every epoch.
 * Throws CONFIG_INVALID for a batch larger than the training set, or for no validation pictures;
 * TRAIN_DIVERGED (a `DivergenceError` that holds the last good weights) where a loss is NaN or
 * infinite; TRAIN_OUT_OF_MEMORY; CHECKPOINT_INVALID for a snapshot of another network, size, labels
 * or optimizer.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  checkFit(options);
  const { executor, model, plan } = options;
  const evaluator = await Evaluator.start(executor, model, plan.batchSize);
  const training = new StagedTraining(options);
  try {
    return await runEpochs(options, training, evaluator);
  } catch (error) {
    throw explainShortage(error, stepOptionsOf(model, plan), memoryLimit());
  } finally {
    await training.close();
    await evaluator.close();
  }
}

/** Train, validate, record, checkpoint; until the budget or the patience is used up. */
async function runEpochs(options: FitOptions, training: StagedTraining, evaluator: Evaluator): Promise<FitResult> {
  const { pack, plan, signal, nowMs } = options;
  const { batchSize, budget, averageSteps } = plan;
  const total = indicesOf(pack, "train").length;
  const stepsPerEpoch = countBatches(pack, "train", { batchSize, last: "wrap" });
  const clock = createTrainingClock(options, stepsPerEpoch);
  const record = new TrainingRecord(options, training.copyWeights());
  const random = createRandom(plan.seed).split("epoch");
  // So that the first epoch leaves time for its validation, too.
  if (clock.validationMs() === 0) {
    clock.validated(await evaluator.estimateMs(training.copyWeights(), pack, "val", nowMs));
  }
  options.onStart?.({ validationMs: clock.validationMs(), elapsedMs: options.resume?.elapsedMs ?? 0 });
  let checkpointedMs = nowMs();
  const checkpoint = async (position: EpochPosition): Promise<void> => {
    checkpointedMs = nowMs();
    await options.onCheckpoint(record.snapshot(position, clock, training.copyState()));
  };

  for (let epoch = record.epoch + 1; clock.hasEpoch(epoch); epoch++) {
    const startMs = nowMs();
    const bar = options.progress.start({ label: epochLabel(epoch, budget), total, unit: "images" });
    const trained = await trainEpoch({
      ...(await training.enter(clock.startEpoch(epoch))),
      pack,
      batchSize,
      random: random.split(epoch),
      from: record.position,
      stepsBefore: record.stepsBefore,
      learningRateAt: clock.learningRateAt,
      averageShareAt: (steps) => averageShareAt(steps, averageSteps),
      onStep: options.onStep,
      async afterStep(position) {
        const isDue = nowMs() - checkpointedMs >= plan.checkpointMs;
        if (isDue && position.batches < stepsPerEpoch) await checkpoint(position);
        return clock.isOver();
      },
      progress: bar,
      signal,
    });
    const trainedMs = nowMs() - startMs;
    const validation = await validate(options, evaluator, training, trained, clock);
    const loss = validation?.loss ?? trained.lastLoss;
    if (!Number.isFinite(loss)) {
      bar.fail("the loss is not finite");
      const step = record.stepsBefore + trained.position.batches;
      throw divergence({ epoch, step, loss, learningRate: trained.learningRate }, record.result("diverged"));
    }
    if (!validation) {
      bar.fail("interrupted");
      if (trained.position.batches > 0) await checkpoint(trained.position);
      return record.result("interrupted", training.copyWeights());
    }
    const durationMs = clock.elapsedMs() - clock.epochStartedMs();
    const { metrics, isBest } = record.add(trained, validation, { trainedMs, durationMs }, training.copyWeights());
    const validationMs = clock.validationMs();
    bar.done(describeEpoch(metrics));
    await checkpoint(startOfEpoch);
    await options.onEpoch({ metrics, isBest, budget, remainingMs: clock.remainingMs(epoch, durationMs), validationMs });
    if (record.isOutOfPatience() && clock.hasEpoch(epoch + 1)) return record.result("stopped-early");
  }
  return record.result("finished");
}

/** Undefined where the epoch or its validation was cut short. */
async function validate(
  { pack, model, signal, nowMs }: FitOptions,
  evaluator: Evaluator,
  training: StagedTraining,
  { end }: EpochResult,
  clock: TrainingClock,
) {
  if (end === "interrupted" || end === "diverged") return undefined;
  const startMs = nowMs();
  try {
    const answers = await evaluator.predict(training.weights(), pack, "val", { signal });
    const { loss, accuracy } = evaluateAnswers(answers, model.labels);
    clock.validated(nowMs() - startMs);
    return { loss, accuracy, answers };
  } catch (error) {
    if (isAppError(error, "INTERRUPTED")) return undefined;
    throw error;
  }
}

function describeEpoch({ trainLoss, validationLoss, validationAccuracy, imagesPerSecond }: EpochMetrics): string {
  const percent = `${(100 * validationAccuracy).toFixed(2)} %`;
  const rate = formatRate(imagesPerSecond, "images");
  return `loss ${trainLoss.toFixed(4)}, validation loss ${validationLoss.toFixed(4)}, accuracy ${percent}, ${rate}`;
}
