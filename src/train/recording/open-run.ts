/** The run that a training is recorded in: a new one, or that of the training that it resumes. */
import { AppError, isAppError, toAppError, withHint } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Run } from "../../tracking/run.ts";
import { ownProcessTag, processTag } from "../../tracking/run-process.ts";
import type { NewRun, RunStore } from "../../tracking/run-store.ts";

export interface RunPlace {
  readonly store: RunStore;
  readonly experiment: string;
  readonly logger: Logger;
}

/** The id, where it has one, is passed over by a store that gives ids of its own. */
export type RunFacts = Omit<NewRun, "experimentId"> & { readonly tags: ReadonlyMap<string, string> };

/**
 * That the experiment can hold a new run, as far as can be told without writing. Errors:
 * EXPERIMENT_DELETED; those of the store.
 */
export async function requireUsable({ store, experiment }: Omit<RunPlace, "logger">): Promise<void> {
  if ((await store.findExperiment(experiment))?.lifecycle !== "deleted") return;
  throw new AppError("EXPERIMENT_DELETED", {
    required: "an experiment that was not deleted",
    received: JSON.stringify(experiment),
    where: store.location,
    hint: "choose another one: `experiment`",
  });
}

/** A new run, which this process records. Errors: those of the store. */
export async function createRun({ store, experiment }: RunPlace, { id, ...facts }: RunFacts): Promise<Run> {
  const { id: experimentId } = await store.ensureExperiment(experiment);
  const tags = new Map([...facts.tags, [processTag, await ownProcessTag()]]);
  return store.createRun({ ...facts, tags, experimentId, ...(id !== undefined && !store.givesRunIds && { id }) });
}

/**
 * The run of this id, running again and recorded by this process; a new one, with a warning, where
 * it is gone. Errors: those of the store.
 */
export async function reopenRun(place: RunPlace, { id, ...facts }: RunFacts & { readonly id: string }): Promise<Run> {
  const { store, logger } = place;
  const there = await findRun(store, id);
  if (there?.lifecycle === "active") {
    await store.updateRun(id, { status: "RUNNING" });
    await store.logBatch(id, { tags: new Map([...facts.tags, [processTag, await ownProcessTag()]]) });
    return there;
  }
  const tags = new Map([...facts.tags, ["pawprint.resumed_from", id]]);
  // The id of a run that was deleted is taken until the store's trash is emptied.
  const created = await createRun(place, { ...facts, tags, ...(there === undefined && { id }) });
  const fate = there === undefined ? "is not there any more" : "was deleted";
  logger.warn(`the run ${id} ${fate}: what follows is recorded as run ${created.id}`);
  return created;
}

/** The run; undefined where there is none. Errors: those of the store. */
export async function findRun(store: RunStore, id: string): Promise<Run | undefined> {
  try {
    return await store.getRun(id);
  } catch (error) {
    if (isAppError(error, "RUN_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** What refuses to record says how to do without. */
export function orUnrecorded(error: unknown): AppError {
  const known = toAppError(error);
  if (known.code === "INTERRUPTED") return known;
  const way = "record nothing: `tracking: false`";
  return withHint(known, known.hint === undefined ? way : `${known.hint}; or ${way}`);
}
