/** The rounds of a sweep: one for random search, several for successive halving. */
import type { Sweep } from "./sweep-config.ts";
import { ranked, type TrialResult } from "./trial.ts";

/**
 * Epochs of each round, rising to `epochs`. Source: Jamieson and Talwalkar, Non-stochastic Best Arm
 * Identification, AISTATS 2016.
 */
export function roundEpochs({
  method,
  epochs,
  minEpochs,
  eta,
}: Pick<Sweep, "method" | "epochs" | "minEpochs" | "eta">): readonly number[] {
  const rounds = [epochs];
  if (method === "random") return rounds;
  for (let fewer = Math.floor(epochs / eta); fewer >= minEpochs; fewer = Math.floor(fewer / eta)) rounds.unshift(fewer);
  return rounds;
}

/** The trials of the next round: the best one in `eta`, at least one, and none that failed. */
export function survivors(results: readonly TrialResult[], eta: number): readonly number[] {
  const count = Math.max(1, Math.floor(results.length / eta));
  return ranked(results)
    .filter(({ error }) => error === undefined)
    .slice(0, count)
    .map(({ trial }) => trial);
}
