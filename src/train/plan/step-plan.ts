/** How the network is trained: settings and facts about the pack become a plan for `fit`. */
import { indicesOf, type Pack } from "../../dataset/pack/pack.ts";
import type { SourceKind } from "../../dataset/sources/source.ts";
import type { FitPlan } from "../fit/fit-plan.ts";
import { planStages } from "../fit/stages.ts";
import { planAugmentation } from "./augmentation-plan.ts";
import { planBudget } from "./budget-plan.ts";
import { type Choice, Choices } from "./choice.ts";
import { planClassWeights } from "./class-weights.ts";
import { planOptimizer } from "./optimizer-plan.ts";
import { longPhotographSide } from "./picture-plan.ts";
import type { TrainSettings } from "./train-config.ts";

export interface StepPlan extends FitPlan {
  readonly seed: number;
  /** All that decides the weights, except how long training takes, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly choices: readonly Choice[];
}

/** `largestBatch` is the largest batch for which there is memory. */
export function planSteps(
  pack: Pack,
  kind: SourceKind,
  settings: TrainSettings,
  largestBatch = Number.POSITIVE_INFINITY,
): StepPlan {
  const choices = new Choices(settings);
  const trainCount = indicesOf(pack, "train").length;
  const side = Math.min(pack.recipe.width, pack.recipe.height);
  // Idx files hold digits, letters and the like.
  const isDigits = kind === "idx";

  const budget = planBudget(settings, kind, trainCount, choices);
  const usualBatch = batchSizeFor(side, trainCount);
  const batchSize = settings.batchSize ?? Math.max(1, Math.min(usualBatch, largestBatch));
  const batchReason = `${trainCount} training pictures of ${side} pixels`;
  choices.add("batchSize", batchSize, usualBatch <= largestBatch ? batchReason : "what memory allows");
  const { scheduleName, ...optimization } = planOptimizer(settings, choices);
  const varied = planAugmentation(pack.recipe, kind, settings);
  choices.all.push(...varied.choices);
  const { augmentation } = varied;
  const progressive = settings.progressive ?? ("timeMs" in budget && !isDigits && side >= longPhotographSide);
  const stages = planStages(pack.recipe, augmentation, { progressive, mixOff: settings.mixOff ?? 0.2 });
  const firstSide = stages[0]?.fedSize?.height;
  if (firstSide !== undefined) {
    choices.add("progressive", true, `from ${firstSide} pixels up: quicker first epochs`);
  }
  const averageSteps = settings.averageSteps ?? averageStepsFor(Math.ceil(trainCount / batchSize));
  choices.add("averageSteps", averageSteps, "half an epoch: steadier than any one step");
  const labelSmoothing = settings.labelSmoothing ?? (isDigits ? 0 : 0.05);
  choices.add("labelSmoothing", labelSmoothing, isDigits ? "digits are unambiguous" : "prevents overconfidence");
  const classWeights = planClassWeights(pack, settings, choices);
  const seed = settings.seed ?? 0;
  choices.add("seed", seed, "repeatable unless another is given");

  const decisive = { batchSize, augmentation, labelSmoothing, stages, averageSteps, seed };
  return {
    ...decisive,
    ...optimization,
    budget,
    classWeights,
    patience: settings.patience,
    checkpointMs: (settings.checkpointMinutes ?? 5) * 60_000,
    settings: {
      ...decisive,
      learningRate: optimization.learningRate,
      schedule: scheduleName,
      classWeights: classWeights ?? "none",
      budget: "timeMs" in budget ? "time" : "epochs",
    },
    choices: choices.all,
  };
}

/** Half an epoch, within bounds. */
function averageStepsFor(stepsPerEpoch: number): number {
  return Math.min(2000, Math.max(10, Math.round(stepsPerEpoch / 2)));
}

/**
 * Smaller batches for larger pictures keep memory constant; an epoch of a small set has at least
 * eight steps. Multiples of 16 from 16 on, because the fast path's weight gradient interleaves as
 * many pictures as its vectors are wide (8 or 16).
 */
function batchSizeFor(side: number, trainCount: number): number {
  const usual = side < 48 ? 128 : side < 160 ? 64 : 32;
  const wanted = Math.min(usual, Math.ceil(trainCount / 8));
  return wanted < 16 ? Math.max(1, wanted) : wanted - (wanted % 16);
}
