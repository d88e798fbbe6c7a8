/** The head of a transferred network: trained on features in several ways, the best on validation kept. */
import { byCodeUnits } from "../../base/by-code-units.ts";
import { throwIfCancelled } from "../../base/cancel.ts";
import type { Logger } from "../../base/logger.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import type { Pack } from "../../dataset/pack/pack.ts";
import { type Answers, evaluateAnswers, logSumExp } from "../../metrics/classification-metrics.ts";
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
  /** Trained on the train split. */
  readonly weights: Weights;
  /** Of these weights on the validation split. */
  readonly validationLoss: number;
  readonly validationAccuracy: number;
}

export interface ChooseHeadOptions {
  readonly executor: Executor;
  /** Activations: of each picture, and behind them of its augmented forms. */
  readonly pack: Pack;
  /** How many of the rows are pictures as they are. */
  readonly pictureCount: number;
  /** The simplest first. */
  readonly candidates: readonly HeadCandidate[];
  /** All but the optimizer, which follows from the candidate. */
  readonly plan: FitPlan;
  modelOf(candidate: HeadCandidate): Model;
  readonly logger: Logger;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Up to so many pictures candidates are compared by cross-validation: fewer would be left to chance. */
const crossValidatedCount = 4000;
const foldCount = 5;

/**
 * Compares the candidates, by cross-validation over train and validation split where pictures are few, and trains the simplest
 * whose mean loss is within one standard error of the lowest: the pictures cannot tell more, and a simpler head is better
 * calibrated. The test split plays no part.
 * Source: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984, section 3.4.3.
 * Errors: those of `fit`; INTERRUPTED.
 */
export async function chooseHead(options: ChooseHeadOptions): Promise<ChosenHead> {
  const { candidates, progress = silentProgress, signal, logger } = options;
  const task = progress.start({ label: "heads", total: candidates.length, unit: "heads" });
  const folds = foldsOf(options);
  const compared: { readonly candidate: HeadCandidate; readonly loss: number; readonly error: number }[] = [];
  try {
    for (const candidate of candidates) {
      throwIfCancelled(signal);
      const losses: number[] = [];
      for (const fold of folds) {
        const { answers, model } = await trainHead(candidate, fold, options);
        losses.push(...lossesOf(answers, model.labels.length));
      }
      const row = { candidate, loss: meanOf(losses), error: standardError(losses) };
      logger.debug("a head was tried", { ...candidate, loss: row.loss, error: row.error });
      compared.push(row);
      task.advance(1);
    }
    task.done();
  } finally {
    task.fail();
  }
  const best = compared.reduce((low, row) => (row.loss < low.loss ? row : low));
  const { candidate } = compared.find(({ loss }) => loss <= best.loss + best.error) ?? best;
  const { model, weights, answers } = await trainHead(candidate, options.pack, options);
  const { loss: validationLoss, accuracy: validationAccuracy } = evaluateAnswers(answers, model.labels);
  return { candidate, model, weights, validationLoss, validationAccuracy };
}

/** Packs whose validation splits together are every picture of train and validation split, without augmented forms. */
function foldsOf({ pack, pictureCount }: ChooseHeadOptions): readonly Pack[] {
  const rows = Array.from(pack.splits.subarray(0, pictureCount).entries()).flatMap(([row, split]) =>
    split < 2 ? [row] : [],
  );
  if (rows.length > crossValidatedCount || rows.length < 4 * foldCount) return [pack];
  const byHash = rows.toSorted((a, b) => byCodeUnits(pack.hashes[a]!, pack.hashes[b]!));
  return Array.from({ length: foldCount }, (_, fold) => {
    // Neither train nor validation: the test pictures and what is augmented.
    const splits = new Uint8Array(pack.splits.length).fill(2);
    for (const [at, row] of byHash.entries()) splits[row] = at % foldCount === fold ? 1 : 0;
    return { ...pack, splits };
  });
}

async function trainHead(
  candidate: HeadCandidate,
  pack: Pack,
  { executor, plan, modelOf, signal }: ChooseHeadOptions,
): Promise<{ readonly model: Model; readonly weights: Weights; readonly answers: Answers }> {
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
    return { model, weights: last, answers: await evaluator.predict(last, pack, "val", { signal }) };
  } finally {
    await evaluator.close();
  }
}

/** Of each picture: -ln of the probability of its label. */
function lossesOf({ logits, targets }: Answers, classes: number): readonly number[] {
  return Array.from(targets, (target, row) => {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    return logSumExp(own) - own[target]!;
  });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  const mean = meanOf(values);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return Math.sqrt(variance / values.length);
}

/** The weights of a trained head by the names of their slots. */
export function weightsByName({
  model,
  weights,
}: Pick<ChosenHead, "model" | "weights">): ReadonlyMap<string, Float32Array> {
  const { parameters } = layoutOf(model);
  return new Map(parameters.map(({ name, offset, size }) => [name, weights.parameters.slice(offset, offset + size)]));
}
