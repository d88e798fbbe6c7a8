/** Finds the run that somebody means: by id, by its beginning, by name, or the last one. */
import { AppError } from "../base/errors.ts";
import { visibleText } from "../base/visible-text.ts";
import { usualExperiments } from "./history-experiment.ts";
import type { Lifecycle, Run } from "./run.ts";
import type { RunQuery, RunStore } from "./run-store.ts";

export interface FindRunOptions {
  /** Runs of other states are found by their whole id alone. Default active. */
  readonly lifecycle?: Lifecycle | "all";
}

/** Fewer characters of an id name no run. */
const leastIdLength = 4;
const shownCandidates = 5;

/**
 * `reference` is a run's id, a beginning of at least 4 characters that no other run has, a name that
 * no other run has, or `last` for the run that started last. An id goes before a name.
 * Errors: RUN_NOT_FOUND where no run or more than one is meant, with those that could be; those of
 * the store.
 */
export async function findRun(
  store: RunStore,
  reference: string,
  { lifecycle = "active" }: FindRunOptions = {},
): Promise<Run> {
  if (/^[0-9a-f]{32}$/.test(reference)) {
    const run = await foundById(store, reference);
    if (run !== undefined) return run;
  }
  if (reference === "last") {
    const { runs } = await store.searchRuns({ ...(await usualExperiments(store)), lifecycle, limit: 1 });
    if (runs[0] !== undefined) return store.getRun(runs[0].id);
    throw notFound(store, reference, [], "a store without runs");
  }
  const candidates = await runsOf(store, reference, lifecycle);
  const [first, second] = candidates;
  if (first !== undefined && second === undefined) return store.getRun(first.id);
  if (first === undefined && lifecycle !== "all") {
    const [other] = await runsOf(store, reference, "all");
    if (other !== undefined) throw inOtherState(store, reference, other);
  }
  throw notFound(store, reference, candidates, "none");
}

/** Those whose id begins so; where there is none, those of this name. */
async function runsOf(store: RunStore, reference: string, lifecycle: Lifecycle | "all"): Promise<readonly Run[]> {
  const query = (filter: string): RunQuery => ({
    lifecycle,
    filter,
    limit: shownCandidates + 1,
    only: { metrics: [], params: [], tags: [] },
  });
  if (reference.length >= leastIdLength && /^[0-9a-f]{1,31}$/.test(reference)) {
    const { runs } = await store.searchRuns(query(`attributes.run_id LIKE '${reference}%'`));
    if (runs.length > 0) return runs;
  }
  const usual = await usualExperiments(store);
  const quote = [`'`, `"`].find((mark) => !reference.includes(mark));
  if (quote !== undefined) {
    const named = query(`attributes.run_name = ${quote}${reference}${quote}`);
    return (await store.searchRuns({ ...named, ...usual })).runs;
  }
  // The filter language has no escapes: a name with both quotes is looked for here.
  const found: Run[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await store.searchRuns({
      ...usual,
      lifecycle,
      only: { metrics: [], params: [], tags: [] },
      ...(pageToken !== undefined && { pageToken }),
    });
    found.push(...page.runs.filter(({ name }) => name === reference));
    pageToken = page.nextPageToken;
    if (pageToken === undefined) return found;
  }
}

async function foundById(store: RunStore, id: string): Promise<Run | undefined> {
  try {
    return await store.getRun(id);
  } catch (error) {
    // It may be a name, however unlikely.
    if (error instanceof AppError && error.code === "RUN_NOT_FOUND") return undefined;
    throw error;
  }
}

function notFound(store: RunStore, reference: string, candidates: readonly Run[], nothing: string): AppError {
  const shown = candidates.slice(0, shownCandidates).map(candidateText).join(", ");
  const more = candidates.length > shownCandidates ? ", and more" : "";
  return new AppError("RUN_NOT_FOUND", {
    required: `one run with the id or name ${visibleText(reference)}`,
    received: candidates.length === 0 ? nothing : `several: ${shown}${more}`,
    where: store.location,
    hint: candidates.length === 0 ? "list the runs there: pawprint runs list" : "give more characters of the id",
  });
}

function inOtherState(store: RunStore, reference: string, run: Run): AppError {
  const isDeleted = run.lifecycle === "deleted";
  return new AppError("RUN_NOT_FOUND", {
    required: `${isDeleted ? "an active" : "a deleted"} run with the id or name ${visibleText(reference)}`,
    received: `${isDeleted ? "a deleted one" : "an active one"}, ${candidateText(run)}`,
    where: store.location,
    hint: isDeleted
      ? `bring it back: pawprint runs restore ${run.id}`
      : "list the deleted ones: pawprint runs list --deleted",
  });
}

function candidateText({ id, name, startedMs }: Run): string {
  const time = new Date(startedMs).toISOString().slice(0, 16).replace("T", " ");
  return `${id.slice(0, 12)} (${visibleText(name)}, ${time} UTC)`;
}
