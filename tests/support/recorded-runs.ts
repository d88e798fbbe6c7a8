/** A folder of runs as trainings leave it, for tests of what reads them. */
import type { Run } from "../../src/tracking/run.ts";
import type { RunStore } from "../../src/tracking/run-store.ts";

/** When the first run of `recordRuns` started; each further one an hour later. */
export const firstStartMs = Date.UTC(2026, 0, 10, 12);
export const hourMs = 3_600_000;

export interface RecordedRun {
  readonly name: string;
  readonly status?: "RUNNING" | "FINISHED" | "FAILED";
  readonly parent?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** The values of each metric at the steps 1, 2, ... */
  readonly metrics?: Readonly<Record<string, readonly number[]>>;
}

/** Records the runs in one experiment, in their order. */
export async function recordRuns(store: RunStore, runs: readonly RecordedRun[], experiment = "pets"): Promise<Run[]> {
  const { id: experimentId } = await store.ensureExperiment(experiment);
  const ids: string[] = [];
  for (const [at, { name, status = "FINISHED", parent, params = {}, tags = {}, metrics = {} }] of runs.entries()) {
    const startedMs = firstStartMs + at * hourMs;
    const parentId = ids[runs.findIndex((run) => run.name === parent)];
    const { id } = await store.createRun({
      experimentId,
      name,
      startedMs,
      tags: new Map([...Object.entries(tags), ...(parentId ? [["mlflow.parentRunId", parentId] as const] : [])]),
    });
    ids.push(id);
    await store.logBatch(id, {
      params: new Map(Object.entries(params)),
      metrics: Object.entries(metrics).flatMap(([key, values]) =>
        values.map((value, step) => ({ key, value, step: step + 1, timestampMs: startedMs + 1000 * (step + 1) })),
      ),
    });
    if (status !== "RUNNING") await store.updateRun(id, { status, endedMs: startedMs + 200_000 });
  }
  return Promise.all(ids.map((id) => store.getRun(id)));
}
