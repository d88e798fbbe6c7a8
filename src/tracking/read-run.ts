/** All that a run recorded, with what lies beside it: histories, files, models. */
import { forEachInParallel } from "../image/in-parallel.ts";
import { bestPoint } from "./compare-runs.ts";
import { byTelling, type MetricGoal, metricGoal } from "./metric-keys.ts";
import type { ArtifactEntry, LoggedModel, MetricPoint, Run } from "./run.ts";
import type { RunStore } from "./run-store.ts";

export interface RunMetric {
  readonly key: string;
  readonly goal: MetricGoal | undefined;
  readonly last: MetricPoint;
  readonly best: MetricPoint | undefined;
  /** By step; empty for keys beyond the first 200. */
  readonly points: readonly MetricPoint[];
}

export interface RunDetails {
  readonly run: Run;
  readonly experiment: string | undefined;
  /** The most telling first. */
  readonly metrics: readonly RunMetric[];
  /** Files at any depth, by path. */
  readonly artifacts: readonly ArtifactEntry[];
  /** Whether there are more than `artifacts` holds. */
  readonly hasMoreArtifacts: boolean;
  readonly models: readonly LoggedModel[];
}

export interface ReadRunOptions {
  readonly signal?: AbortSignal;
}

const historyLimit = 200;
const artifactLimit = 1000;
const atOnce = 8;

/** Errors: those of the store; INTERRUPTED. */
export async function readRun(store: RunStore, run: Run, { signal }: ReadRunOptions = {}): Promise<RunDetails> {
  const keys = byTelling(run.metrics.keys());
  const histories = new Map<string, readonly MetricPoint[]>();
  await forEachInParallel(
    keys.slice(0, historyLimit),
    async (key) =>
      void histories.set(
        key,
        (await store.metricHistory(run.id, key)).toSorted((a, b) => a.step - b.step),
      ),
    { concurrency: atOnce, signal },
  );
  const metrics = keys.map((key) => {
    const goal = metricGoal(key);
    const points = histories.get(key) ?? [];
    return { key, goal, last: run.metrics.get(key)!, best: goal && bestPoint(goal, points), points };
  });
  const experiments = await store.listExperiments("all");
  const models = await Promise.all(run.modelIds.map((id) => store.getModel(id)));
  return {
    run,
    experiment: experiments.find(({ id }) => id === run.experimentId)?.name,
    metrics,
    ...(await filesOf(store, run.id, signal)),
    models,
  };
}

async function filesOf(store: RunStore, runId: string, signal: AbortSignal | undefined) {
  const artifacts: ArtifactEntry[] = [];
  const folders: (string | undefined)[] = [undefined];
  while (folders.length > 0 && artifacts.length <= artifactLimit) {
    signal?.throwIfAborted();
    const folder = folders.shift();
    const entries = await store.listArtifacts({ runId }, ...(folder === undefined ? [] : [folder]));
    for (const entry of entries) {
      if (entry.isFolder) folders.push(entry.path);
      else artifacts.push(entry);
    }
  }
  artifacts.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { artifacts: artifacts.slice(0, artifactLimit), hasMoreArtifacts: artifacts.length > artifactLimit };
}
