/** A list of runs as people read it: with telling metrics, names of experiments, children after parents. */
import { AppError } from "../base/errors.ts";
import { usualExperiments } from "./history-experiment.ts";
import { byTelling, isSystemKey, usualMetrics } from "./metric-keys.ts";
import type { Lifecycle, Run } from "./run.ts";
import type { RunPage, RunStore } from "./run-store.ts";

/** MLflow's tag of a run that is a part of another one. */
export const parentTag = "mlflow.parentRunId";

export interface ListRunsOptions {
  /** Name of the experiment; all active ones but the history of aliases unless given. */
  readonly experiment?: string;
  /** MLflow's filter language. */
  readonly filter?: string;
  /** MLflow's clauses; the newest first unless given. */
  readonly orderBy?: readonly string[];
  /** Default active. */
  readonly lifecycle?: Lifecycle | "all";
  /** Default 1000. */
  readonly limit?: number;
  /** Metrics that are read. Default: those that a training logs, else the most telling ones of the runs. */
  readonly metrics?: readonly string[];
  /** Metrics that are read and shown besides. */
  readonly moreMetrics?: readonly string[];
  /** Params that are read; none unless given. */
  readonly params?: readonly string[];
  /** Tags that are read beside that of the parent. */
  readonly tags?: readonly string[];
}

export interface ListedRuns {
  /** With the metrics, params and tags that were asked for; a store may give more. */
  readonly runs: readonly Run[];
  /** The names of their experiments, by id. */
  readonly experiments: ReadonlyMap<string, string>;
  /** The keys among the metrics that a table should show. */
  readonly metrics: readonly string[];
  readonly faults: RunPage["faults"];
  /** Whether there are more than `limit`. */
  readonly hasMore: boolean;
}

/** Runs without a usual metric that are looked at for others, and columns made of what they have. */
const sampleSize = 10;
const otherMetrics = 3;
const pageSize = 50_000;

/**
 * Reads only what a list shows, so that a folder of thousands of runs is listed in a second.
 * Errors: EXPERIMENT_NOT_FOUND, FILTER_INVALID, those of the store.
 */
export async function listRuns(store: RunStore, options: ListRunsOptions = {}): Promise<ListedRuns> {
  const { experiment, filter, orderBy, lifecycle, limit = 1000, params = [], tags = [] } = options;
  const experiments = await experimentsOf(store, experiment);
  const query = experiment === undefined ? await usualExperiments(store) : { experimentIds: [...experiments.keys()] };
  const read = async (keys: readonly string[]) =>
    readPages(store, limit, {
      ...query,
      ...(filter !== undefined && { filter }),
      ...(orderBy !== undefined && { orderBy }),
      ...(lifecycle !== undefined && { lifecycle }),
      only: { metrics: keys, params, tags: [parentTag, ...tags] },
    });
  const { metrics, moreMetrics = [] } = options;
  const wanted = [...new Set([...moreMetrics, ...(metrics ?? usualMetrics)])];
  const first = await read(wanted);
  const isBare = (run: Run): boolean => !wanted.some((key) => run.metrics.has(key));
  const others = metrics === undefined ? await otherKeys(store, first.runs.filter(isBare)) : [];
  const { runs, faults, hasMore } = others.length === 0 ? first : await read([...wanted, ...others]);
  const asked = new Set([...moreMetrics, ...(metrics ?? [])]);
  const shown = [...wanted, ...others].filter((key) => asked.has(key) || runs.some((run) => run.metrics.has(key)));
  return { runs: orderBy === undefined ? withParents(runs) : runs, experiments, metrics: shown, faults, hasMore };
}

type PageQuery = Omit<Parameters<RunStore["searchRuns"]>[0], "limit" | "pageToken">;

async function readPages(store: RunStore, limit: number, query: PageQuery) {
  const runs: Run[] = [];
  const faults = new Map<string, RunPage["faults"][number]>();
  for (let pageToken: string | undefined; ; ) {
    const wanted = Math.min(pageSize, limit - runs.length);
    const page = await store.searchRuns({ ...query, limit: wanted, ...(pageToken !== undefined && { pageToken }) });
    runs.push(...page.runs);
    for (const fault of page.faults) faults.set(`${fault.where}\n${fault.reason}`, fault); // pages repeat them
    pageToken = page.nextPageToken;
    if (pageToken === undefined || runs.length >= limit) {
      return { runs, faults: [...faults.values()], hasMore: pageToken !== undefined };
    }
  }
}

async function experimentsOf(store: RunStore, name: string | undefined): Promise<ReadonlyMap<string, string>> {
  if (name === undefined) {
    const all = await store.listExperiments("all");
    return new Map(all.map((experiment) => [experiment.id, experiment.name]));
  }
  const found = await store.findExperiment(name);
  if (found === undefined) {
    const names = (await store.listExperiments()).map((experiment) => experiment.name);
    throw new AppError("EXPERIMENT_NOT_FOUND", {
      required: "an experiment of the store",
      received: name,
      where: store.location,
      hint: names.length === 0 ? "the store has none yet" : `there are: ${names.slice(0, 12).join(", ")}`,
    });
  }
  return new Map([[found.id, found.name]]);
}

/** What the first of these runs have most often. */
async function otherKeys(store: RunStore, bare: readonly Run[]): Promise<readonly string[]> {
  const sample = await Promise.all(bare.slice(0, sampleSize).map(({ id }) => store.getRun(id)));
  const counts = new Map<string, number>();
  for (const { metrics } of sample) {
    for (const key of metrics.keys()) if (!isSystemKey(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const telling = byTelling(counts.keys());
  const frequent = telling.toSorted((a, b) => counts.get(b)! - counts.get(a)!); // stable: the telling first
  return byTelling(frequent.slice(0, otherMetrics));
}

/** Each child after its parent, where that is in the list; else in its own place. */
function withParents(runs: readonly Run[]): readonly Run[] {
  const ids = new Set(runs.map(({ id }) => id));
  const children = new Map<string, Run[]>();
  const roots: Run[] = [];
  for (const run of runs) {
    const parent = run.tags.get(parentTag);
    const siblings = parent === undefined ? undefined : children.get(parent);
    if (parent === undefined || parent === run.id || !ids.has(parent)) roots.push(run);
    else if (siblings === undefined) children.set(parent, [run]);
    else siblings.push(run);
  }
  if (roots.length === runs.length) return runs;
  const placed = new Set<Run>();
  // Runs that are each other's parents come last.
  const waiting = [...roots, ...runs].reverse();
  for (let run = waiting.pop(); run !== undefined; run = waiting.pop()) {
    if (placed.has(run)) continue;
    placed.add(run);
    waiting.push(...(children.get(run.id) ?? []).toReversed());
  }
  return [...placed];
}
