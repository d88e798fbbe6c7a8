/** Brings runs, and models where asked for, from one place to another. */
import { existsSync } from "node:fs";
import type { Progress } from "../base/progress.ts";
import type { CopiedModel } from "../registry/copy-models.ts";
import type { Delivery } from "../tracking/delivery/delivery.ts";
import { KnownIds } from "../tracking/delivery/known-ids.ts";
import type { HeldRun, PushOptions } from "../tracking/delivery/push-runs.ts";
import { historyExperiment } from "../tracking/history-experiment.ts";
import type { RunStore } from "../tracking/run-store.ts";
import type { ServerAccess, TrackingAccess } from "../tracking/tracking-access.ts";
import { findRun } from "./runs.ts";
import { openModelRegistry, openRunStore } from "./tracking.ts";

export interface PushRunsOptions {
  /** Ids, their beginnings, or names; all active runs unless given. */
  readonly runs?: readonly string[];
  /** Compare contents of large files of the same size, too. */
  readonly verify?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface PushReport {
  /** Without user and password. */
  readonly from: string;
  readonly to: string;
  readonly runs: readonly Delivery[];
  /** Runs that another process records or delivers just now. */
  readonly held: readonly HeldRun[];
  readonly models: readonly CopiedModel[];
}

/**
 * Runs of any store to any other; with `models`, the registered models that point to them, too. What
 * is there already stays as it is. Errors: those of both stores, of `findRun`; INTERRUPTED.
 */
export async function pushRuns(
  from: TrackingAccess,
  to: TrackingAccess,
  { models = false, ...options }: PushRunsOptions & { readonly models?: boolean } = {},
): Promise<PushReport> {
  const { pushRuns: push } = await import("../tracking/delivery/push-runs.ts");
  return withStore(from, (source) =>
    withStore(to, async (target) => {
      const known = new KnownIds(target);
      const given = { ...(await pushOptions(source, options)), known, exceptExperiment: historyExperiment };
      const runs = await push(source, target, given);
      const copied = models ? await copyModels(from, to, known, options.signal) : [];
      return { from: source.location, to: target.location, runs, held: [], models: copied };
    }),
  );
}

/** What waits for a server in the spool. Errors: as of `pushRuns`. */
export async function pushSpool(
  spoolFolder: string,
  to: ServerAccess,
  options: PushRunsOptions = {},
): Promise<PushReport> {
  const { openSpool, spoolFolderFor } = await import("../tracking/delivery/spool.ts");
  const { pushSpool: push } = await import("../tracking/delivery/push-runs.ts");
  const folder = spoolFolderFor(to.url, spoolFolder);
  const nothing = { from: folder, to: to.url, runs: [], held: [], models: [] };
  // Nothing was ever kept for this server: no folder is made to say so.
  if (!existsSync(folder) && (options.runs?.length ?? 0) === 0) return nothing;
  const spool = await openSpool(folder);
  try {
    const given = await pushOptions(spool.store, options);
    return await withStore(to, async (target) => ({ ...nothing, ...(await push(spool, target, given)) }));
  } finally {
    await spool.store.close();
  }
}

async function pushOptions(
  source: RunStore,
  { runs = [], verify, progress, signal }: PushRunsOptions,
): Promise<PushOptions> {
  const ids: string[] = [];
  for (const reference of runs) ids.push((await findRun(source, reference, { lifecycle: "all" })).id);
  return {
    ...(ids.length > 0 && { ids: [...new Set(ids)] }),
    ...(verify !== undefined && { comparesAll: verify }),
    ...(progress && { progress }),
    ...(signal && { signal }),
  };
}

async function copyModels(
  from: TrackingAccess,
  to: TrackingAccess,
  known: KnownIds,
  signal: AbortSignal | undefined,
): Promise<readonly CopiedModel[]> {
  const copying = await import("../registry/copy-models.ts");
  const source = await openModelRegistry(from);
  try {
    const target = await openModelRegistry(to);
    try {
      const targetId = (id: string): string | undefined => known.get(id);
      return await copying.copyModels(source, target, { targetId, ...(signal && { signal }) });
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function withStore<T>(access: TrackingAccess, work: (store: RunStore) => Promise<T>): Promise<T> {
  const store = await openRunStore(access);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
