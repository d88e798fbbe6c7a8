/** The head of a transferred network: trained on features in several ways, the best on validation kept. */
import { throwIfCancelled } from "../../base/cancel.ts";
import type { Logger } from "../../base/logger.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import type { Pack } from "../../dataset/pack/pack.ts";
import { evaluateAnswers } from "../../metrics/classification-metrics.ts";
import type { HeadOptions } from "../../nn/backbones/head.ts";
import { layoutOf, type Model, type Weights } from "../../nn/inference-graph.ts";
import type { Executor } from "../../runtime/executor.ts";
import { Evaluator } from "../fit/evaluator.ts";
import { fit as fitModel } from "../fit/fit.ts";
import type { FitPlan } from "../fit/fit-plan.ts";
import { adamw } from "../step/optimizer.ts";

/** One way to train a head. */
export interface HeadCandidate extends HeadOptions {
  readonly weightDecay: number;
}

export interface ChosenHead {
  readonly candidate: HeadCandidate;
  readonly model: Model;
  readonly weights: Weights;
  /** Mean loss on the validation split. */
  readonly validationLoss: number;
  readonly validationAccuracy: number;
}

export interface ChooseHeadOptions {
  readonly executor: Executor;
  /** Of activations of one axis, or with positions to average. */
  readonly pack: Pack;
  readonly candidates: readonly HeadCandidate[];
  /** All but the optimizer, which follows from the candidate. */
  readonly plan: FitPlan;
  modelOf(candidate: HeadCandidate): Model;
  readonly logger: Logger;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How much a loss must be lower for a candidate that comes later, which is the larger one. */
const clearShare = 0.02;

/**
 * Trains a head for each candidate and keeps the one with the lowest loss on the validation split; among
 * those that are about as good the first. A loss tells heads apart on a few pictures where accuracies are equal.
 * Errors: those of `fit`; INTERRUPTED.
 */
export async function chooseHead(options: ChooseHeadOptions): Promise<ChosenHead> {
  const { candidates, progress = silentProgress, signal, logger } = options;
  const task = progress.start({ label: "heads", total: candidates.length, unit: "heads" });
  let best: ChosenHead | undefined;
  try {
    for (const candidate of candidates) {
      throwIfCancelled(signal);
      const trained = await trainHead(candidate, options);
      logger.debug("a head was trained", { ...candidate, validationLoss: trained.validationLoss });
      if (best === undefined || trained.validationLoss < best.validationLoss * (1 - clearShare)) best = trained;
      task.advance(1);
    }
    task.done();
  } finally {
    task.fail();
  }
  return best!; // there is at least one candidate
}

async function trainHead(candidate: HeadCandidate, options: ChooseHeadOptions): Promise<ChosenHead> {
  const { executor, pack, plan, modelOf, signal } = options;
  const model = modelOf(candidate);
  const { last } = await fitModel({
    executor,
    model,
    pack,
    plan: { ...plan, optimizer: adamw({ weightDecay: candidate.weightDecay }) },
    resume: undefined,
    signal,
    progress: silentProgress,
    nowMs: () => performance.now(),
    onEpoch: () => {},
    onCheckpoint: () => {},
  });
  throwIfCancelled(signal);
  const evaluator = await Evaluator.start(executor, model, plan.batchSize);
  try {
    const answers = await evaluator.predict(last, pack, "val", { signal });
    const { loss, accuracy } = evaluateAnswers(answers, model.labels);
    return { candidate, model, weights: last, validationLoss: loss, validationAccuracy: accuracy };
  } finally {
    await evaluator.close();
  }
}

/** The weights of a trained head by the names of their slots. */
export function weightsByName({
  model,
  weights,
}: Pick<ChosenHead, "model" | "weights">): ReadonlyMap<string, Float32Array> {
  const { parameters } = layoutOf(model);
  return new Map(parameters.map(({ name, offset, size }) => [name, weights.parameters.slice(offset, offset + size)]));
}
