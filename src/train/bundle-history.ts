/** The part of a training's history that its bundle carries. */
import { type BundleHistory, maximumHistory } from "../bundle/bundle.ts";
import type { EpochMetrics } from "./fit/fit-options.ts";

/**
 * Every epoch, or `maximumHistory` of them evenly spaced, the first, the last and the best one
 * among them; six digits of each figure. Nothing that depends on the machine's speed: the same
 * training gives the same bundle.
 */
export function bundleHistory(history: readonly EpochMetrics[], bestEpoch: number): BundleHistory {
  // One place is left for the best epoch.
  const step = Math.max(1, (history.length - 1) / (maximumHistory - 2));
  const kept = new Set(Array.from({ length: maximumHistory - 1 }, (_, at) => Math.round(at * step)));
  const isKept = (at: number): boolean => kept.has(at) || history[at]!.epoch === bestEpoch;
  return history
    .filter((_, at) => isKept(at))
    .map(({ epoch, trainLoss, trainAccuracy, validationLoss, validationAccuracy, learningRate }) => ({
      epoch,
      trainLoss: sixDigits(trainLoss),
      trainAccuracy: sixDigits(trainAccuracy),
      validationLoss: sixDigits(validationLoss),
      validationAccuracy: sixDigits(validationAccuracy),
      learningRate: sixDigits(learningRate),
    }));
}

function sixDigits(value: number): number {
  return Number(value.toPrecision(6));
}
