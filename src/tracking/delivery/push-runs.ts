/** Delivers many runs: those of a store, or those that wait in a spool. */
import { isAppError } from "../../base/errors.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { eachRun, type RunStore } from "../run-store.ts";
import { deliverRun } from "./deliver-run.ts";
import type { Delivery } from "./delivery.ts";
import { KnownIds } from "./known-ids.ts";
import type { Spool } from "./spool.ts";

export interface PushOptions {
  /** In their order, a parent before its children; all active runs unless given. */
  readonly ids?: readonly string[];
  /** An experiment whose runs stay, unless they are among `ids`. */
  readonly exceptExperiment?: string;
  /** Knows afterwards how runs and models are called at the target. */
  readonly known?: KnownIds;
  /** Compare contents of large files of the same size, too. */
  readonly comparesAll?: boolean;
  /** Of the progress; "deliver" unless given. */
  readonly label?: string;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** A run that another process records or delivers just now. */
export interface HeldRun {
  readonly runId: string;
  /** "process 4711 on host, since ...". */
  readonly by: string;
}

/**
 * What a push was cut off at is done when it is repeated, and nothing twice. Errors: those of both
 * stores; what the target refuses of a run is among its `problems`; INTERRUPTED.
 */
export async function pushRuns(from: RunStore, to: RunStore, options: PushOptions = {}): Promise<readonly Delivery[]> {
  const { known: ids = new KnownIds(to) } = options;
  return inOrder(from, options, (runId, given) => deliverRun(from, runId, to, { ...given, ids }));
}

/**
 * The same for a spool, which a run leaves when it has ended and the server has all of it. Runs that
 * other processes hold are theirs.
 */
export async function pushSpool(
  spool: Spool,
  to: RunStore,
  options: PushOptions = {},
): Promise<{ readonly runs: readonly Delivery[]; readonly held: readonly HeldRun[] }> {
  const ids = new KnownIds(to);
  const held: HeldRun[] = [];
  const runs = await inOrder(spool.store, options, async (runId, given) => {
    let release: () => Promise<void>;
    try {
      release = await spool.hold(runId);
    } catch (error) {
      if (!isAppError(error, "LOCKED")) throw error;
      held.push({ runId, by: error.received ?? "another process" });
      return undefined;
    }
    try {
      // Nobody knows which of the files a process that was killed had written anew.
      const delivery = await deliverRun(spool.store, runId, to, { ...given, ids, comparesAll: true });
      if (delivery.problems.length === 0) await spool.removeEnded(runId);
      return delivery;
    } finally {
      await release();
    }
  });
  return { runs, held };
}

type Given = Pick<PushOptions, "comparesAll" | "signal" | "progress">;

async function inOrder(
  from: RunStore,
  { ids, exceptExperiment, label = "deliver", progress = silentProgress, signal, comparesAll = false }: PushOptions,
  deliver: (runId: string, given: Given) => Promise<Delivery | undefined>,
): Promise<readonly Delivery[]> {
  const wanted = ids ?? (await idsOf(from, exceptExperiment));
  const given = { comparesAll, progress, ...(signal && { signal }) };
  const deliveries: Delivery[] = [];
  const task = progress.start({ label, unit: "runs", total: wanted.length });
  try {
    for (const runId of wanted) {
      const delivery = await deliver(runId, given);
      if (delivery !== undefined) deliveries.push(delivery);
      task.advance(1, delivery?.name);
    }
    task.done();
    return deliveries;
  } catch (error) {
    task.fail();
    throw error;
  }
}

/** The oldest first: parents start before their children. */
async function idsOf(store: RunStore, exceptExperiment: string | undefined): Promise<readonly string[]> {
  const experiments = (await store.listExperiments()).filter(({ name }) => name !== exceptExperiment);
  const found: string[] = [];
  if (experiments.length === 0) return found;
  const experimentIds = experiments.map(({ id }) => id);
  const only = { metrics: [], params: [], tags: [] };
  const query = { experimentIds, orderBy: ["attributes.start_time ASC"], only };
  for await (const { id } of eachRun(store, query)) found.push(id);
  return found;
}
