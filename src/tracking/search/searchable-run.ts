/** What a search asks of a run, one value at a time: a folder opens only the files that it needs. */
import type { DatasetInput, Run } from "../run.ts";

export const runAttributes = [
  "artifact_uri",
  "end_time",
  "run_id",
  "run_name",
  "start_time",
  "status",
  "user_id",
] as const;
export type RunAttribute = (typeof runAttributes)[number];

export interface SearchableRun {
  /** Times in milliseconds, all else text. */
  attribute(name: RunAttribute): string | number | undefined;
  metric(key: string): number | undefined;
  param(key: string): string | undefined;
  tag(key: string): string | undefined;
  datasets(): readonly Pick<DatasetInput, "name" | "digest" | "tags">[];
}

/** A run that is read already. */
export function searchableOf(run: Run): SearchableRun {
  const attributes: Readonly<Record<RunAttribute, string | number | undefined>> = {
    artifact_uri: run.artifactUri,
    end_time: run.endedMs,
    run_id: run.id,
    run_name: run.name,
    start_time: run.startedMs,
    status: run.status,
    user_id: run.user,
  };
  return {
    attribute: (name) => attributes[name],
    metric: (key) => run.metrics.get(key)?.value,
    param: (key) => run.params.get(key),
    tag: (key) => run.tags.get(key),
    datasets: () => run.inputs,
  };
}
