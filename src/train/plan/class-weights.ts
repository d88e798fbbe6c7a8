/** Whether classes are weighted, decided from how many training pictures each has. */
import { indicesOf, type Pack } from "../../dataset/pack/pack.ts";
import type { Choices } from "./choice.ts";
import type { TrainSettings } from "./train-config.ts";

/**
 * One weight per label, 1 for the mean of all pictures; undefined where classes are not weighted.
 * By default they are where one has at least `unbalancedFrom` times the pictures of another.
 */
export function planClassWeights(pack: Pack, settings: TrainSettings, choices: Choices): readonly number[] | undefined {
  const counts = trainCounts(pack);
  const imbalance = imbalanceOf(counts);
  const choice = settings.classWeights ?? (imbalance >= unbalancedFrom ? "balanced" : "none");
  choices.add(
    "classWeights",
    choice,
    `the largest class has ${imbalance.toFixed(1)} times the pictures of the smallest`,
  );
  return choice === "balanced" ? balancedWeights(counts) : undefined;
}

const unbalancedFrom = 2;

function trainCounts(pack: Pack): readonly number[] {
  const counts = pack.labels.map(() => 0);
  for (const index of indicesOf(pack, "train")) counts[pack.targets[index]!]!++;
  return counts;
}

/** The largest class over the smallest one that has pictures. */
function imbalanceOf(counts: readonly number[]): number {
  const present = counts.filter((count) => count > 0);
  return present.length === 0 ? 1 : Math.max(...present) / Math.min(...present);
}

/** total / (classes * count): every class has the same weight in all. */
function balancedWeights(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  // A class without training pictures is possible where the source gives the splits.
  return counts.map((count) => total / (counts.length * Math.max(1, count)));
}
