/** The work of bench:runs in a process of its own: fills a folder, reads it, and logs points. */
import { createInterface } from "node:readline";
import { compareRuns, listRuns, openRunStore } from "../../src/wire/runs.ts";
import { type BenchRun, benchRuns } from "./bench-runs.ts";

export type Task =
  | {
      readonly work: "fill";
      readonly folder: string;
      readonly count: number;
      readonly steps: number;
      readonly long: number;
    }
  | { readonly work: "search"; readonly folder: string; readonly filter?: string }
  | { readonly work: "compare"; readonly folder: string; readonly ids: readonly string[] }
  | { readonly work: "log"; readonly folder: string; readonly points: number; readonly batch: number };

async function fill({ folder, count, steps, long }: Extract<Task, { work: "fill" }>): Promise<object> {
  const store = await openRunStore({ trackingUri: folder, env: {} });
  const { id: experimentId } = await store.ensureExperiment("bench");
  for (const run of benchRuns(count, steps, long)) await record(run, experimentId);
  await store.close();
  return {};

  async function record({ id, name, startedMs, params, tags, metrics }: BenchRun, experiment: string): Promise<void> {
    await store.createRun({ id, name, startedMs, experimentId: experiment, tags: new Map(Object.entries(tags)) });
    await store.logBatch(id, {
      params: new Map(Object.entries(params)),
      metrics: Object.entries(metrics).flatMap(([key, values]) =>
        values.map((value, at) => ({ key, value, step: at + 1, timestampMs: startedMs + at + 1 })),
      ),
    });
    await store.updateRun(id, { status: "FINISHED", endedMs: startedMs + 1000 });
  }
}

async function log({ folder, points, batch }: Extract<Task, { work: "log" }>): Promise<object> {
  const store = await openRunStore({ trackingUri: folder, env: {} });
  const { id: experimentId } = await store.ensureExperiment("bench");
  const run = await store.createRun({ experimentId, name: "logging", startedMs: Date.now() });
  const start = performance.now();
  for (let step = 0; step < points; step += batch) {
    const metrics = Array.from({ length: Math.min(batch, points - step) }, (_, at) => ({
      key: "loss",
      value: 1 / (step + at + 1),
      step: step + at,
      timestampMs: Date.now(),
    }));
    await store.logBatch(run.id, { metrics });
  }
  const seconds = (performance.now() - start) / 1000;
  const there = (await store.metricHistory(run.id, "loss")).length;
  if (there !== points) throw new Error(`${there} of ${points} points are there`);
  await store.close();
  return { seconds };
}

/** With all that a list shows. */
async function search({ folder, filter }: Extract<Task, { work: "search" }>): Promise<object> {
  const start = performance.now();
  const store = await openRunStore({ trackingUri: folder, env: {} });
  const { runs } = await listRuns(store, { limit: 1_000_000, ...(filter !== undefined && { filter }) });
  await store.close();
  return { seconds: (performance.now() - start) / 1000, count: runs.length };
}

async function compare({ folder, ids }: Extract<Task, { work: "compare" }>): Promise<object> {
  const start = performance.now();
  const store = await openRunStore({ trackingUri: folder, env: {} });
  const runs = await Promise.all(ids.map((id) => store.getRun(id)));
  const keys = [...runs[0]!.metrics.keys()];
  const { curves } = await compareRuns(store, runs, { metrics: keys });
  await store.close();
  const points = curves.flatMap((curve) => curve.points.map(({ length }) => length));
  return { seconds: (performance.now() - start) / 1000, count: points.reduce((sum, length) => sum + length, 0) };
}

function answer(task: Task): Promise<object> {
  if (task.work === "fill") return fill(task);
  if (task.work === "log") return log(task);
  return task.work === "search" ? search(task) : compare(task);
}

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line) as Task; // from main.ts
  process.stdout.write(`${JSON.stringify(await answer(task))}\n`);
}
