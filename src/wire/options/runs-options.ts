/** The options of the functions of `pawprint/tracking`. */
import { Type } from "typebox";
import { literals } from "../../base/schema/literals.ts";
import {
  Callback,
  Count,
  Flag,
  instanceOf,
  optionsSchema,
  ProgressOption,
  SignalOption,
  Text,
} from "../../base/schema/options.ts";
import type { RunComparisonPageOptions } from "../../report/runs/run-comparison-page.ts";
import type { CompareRunsOptions } from "../../tracking/compare-runs.ts";
import type { FindRunOptions } from "../../tracking/find-run.ts";
import type { ListRunsOptions } from "../../tracking/list-runs.ts";
import type { ReadRunOptions } from "../../tracking/read-run.ts";
import { type TrackingConfig, trackingConfigSchema } from "../../tracking/tracking-config.ts";
import type { WatchRunOptions } from "../../tracking/watch-run.ts";
import type { ExportRunsOptions } from "../export-runs.ts";

export interface OpenRunStoreOptions
  extends Partial<Pick<TrackingConfig, "trackingUri" | "trackingCaFile" | "trackingTimeoutMs">> {
  /** Where MLFLOW_TRACKING_URI, names and passwords are read; the process's environment unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const { trackingUri, trackingCaFile, trackingTimeoutMs } = trackingConfigSchema.properties;
const Keys = Type.Optional(Type.Array(Text));
const Lifecycle = Type.Optional(literals(["active", "deleted", "all"]));

export const openRunStoreOptions = optionsSchema<OpenRunStoreOptions>({
  trackingUri,
  trackingCaFile,
  trackingTimeoutMs: Type.Optional(trackingTimeoutMs),
  env: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "texts by name" })),
});

export const listRunsOptions = optionsSchema<ListRunsOptions>({
  experiment: Type.Optional(Text),
  filter: Type.Optional(Type.String()),
  orderBy: Keys,
  lifecycle: Lifecycle,
  limit: Count,
  metrics: Keys,
  moreMetrics: Keys,
  params: Keys,
  tags: Keys,
});

export const findRunOptions = optionsSchema<FindRunOptions>({ lifecycle: Lifecycle });

export const readRunOptions = optionsSchema<ReadRunOptions>({ signal: SignalOption });

export const compareRunsOptions = optionsSchema<CompareRunsOptions>({
  metrics: Keys,
  readsHistories: Flag,
  signal: SignalOption,
});

export const watchRunOptions = optionsSchema<WatchRunOptions>({
  intervalMs: Count,
  patienceMs: Type.Optional(Type.Number({ minimum: 0 })),
  onAway: Callback,
  now: Callback,
  signal: SignalOption,
});

export const exportRunsOptions = optionsSchema<ExportRunsOptions>({
  folder: Text,
  progress: ProgressOption,
  signal: SignalOption,
});

export const comparisonPageOptions = optionsSchema<RunComparisonPageOptions>({
  place: Text,
  experiments: Type.Optional(instanceOf("a Map of names by id", (value) => value instanceof Map)),
  version: Text,
  now: instanceOf("a Date", (value) => value instanceof Date),
});
