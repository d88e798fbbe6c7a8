/** Runs as CSV: a row for each run, with the columns of MLflow's own tables; a row for each point. */
import { byCodeUnits } from "../base/by-code-units.ts";
import { csvLine } from "../base/csv-line.ts";
import type { MetricPoint, Run } from "../tracking/run.ts";
import type { RunStore } from "../tracking/run-store.ts";

const attributes = {
  run_id: ({ id }) => id,
  run_name: ({ name }) => name,
  experiment_id: ({ experimentId }) => experimentId,
  status: ({ status }) => status,
  start_time: ({ startedMs }) => timeOf(startedMs),
  end_time: ({ endedMs }) => (endedMs === undefined ? "" : timeOf(endedMs)),
  user: ({ user }) => user,
  artifact_uri: ({ artifactUri }) => artifactUri,
} as const satisfies Record<string, (run: Run) => string>;

/**
 * `run_id`, `run_name`, ..., `params.lr`, `metrics.val_accuracy` (the value of the highest step),
 * `tags.team`: the columns of `mlflow.search_runs`. Without tags of MLflow and Pawprint themselves.
 */
export function runsCsv(runs: readonly Run[]): string {
  const keysOf = (maps: readonly ReadonlyMap<string, unknown>[]) =>
    [...new Set(maps.flatMap((map) => [...map.keys()]))].sort(byCodeUnits);
  const params = keysOf(runs.map(({ params }) => params));
  const metrics = keysOf(runs.map(({ metrics }) => metrics));
  const tags = keysOf(runs.map(({ tags }) => tags)).filter((key) => !/^(mlflow|pawprint)\./.test(key));
  const head = [
    ...Object.keys(attributes),
    ...params.map((key) => `params.${key}`),
    ...metrics.map((key) => `metrics.${key}`),
    ...tags.map((key) => `tags.${key}`),
  ];
  const rows = runs.map((run) => [
    ...Object.values(attributes).map((textOf) => textOf(run)),
    ...params.map((key) => run.params.get(key) ?? ""),
    ...metrics.map((key) => numberText(run.metrics.get(key)?.value)),
    ...tags.map((key) => run.tags.get(key) ?? ""),
  ]);
  return [head, ...rows].map(csvLine).join("");
}

/** Every point of every metric, in pieces: `run_id`, `run_name`, `key`, `step`, `value`, `time`. Errors: those of the store. */
export async function* metricsCsv(store: RunStore, runs: readonly Run[]): AsyncGenerator<string, void, undefined> {
  yield csvLine(["run_id", "run_name", "key", "step", "value", "time"]);
  for (const { id, name, metrics } of runs) {
    for (const key of [...metrics.keys()].sort(byCodeUnits)) {
      const row = ({ step, value, timestampMs }: MetricPoint): string =>
        csvLine([id, name, key, String(step), numberText(value), timeOf(timestampMs)]);
      yield (await store.metricHistory(id, key)).map(row).join("");
    }
  }
}

function numberText(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

/** Empty for what is no time. */
function timeOf(timeMs: number): string {
  return Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : "";
}
