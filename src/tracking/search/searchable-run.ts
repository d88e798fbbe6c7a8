/** What a search asks of a run, one value at a time: a folder opens only the files that it needs. */
import type { DatasetInput } from "../run.ts";

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
