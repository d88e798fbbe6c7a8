/** The experiment whose runs are no trainings: each keeps the moves of a registered model's aliases. */
import type { RunQuery, RunStore } from "./run-store.ts";

export const historyExperiment = "pawprint-promotions";

/**
 * Where runs are looked for when no experiment is named: all active ones but that of the histories,
 * so that neither a list nor `last` shows what nobody trained.
 */
export async function usualExperiments(store: RunStore): Promise<Pick<RunQuery, "experimentIds">> {
  const experiments = await store.listExperiments();
  const usual = experiments.filter(({ name }) => name !== historyExperiment);
  // A store knows all of them better than a list of their ids.
  return usual.length === experiments.length ? {} : { experimentIds: usual.map(({ id }) => id) };
}
