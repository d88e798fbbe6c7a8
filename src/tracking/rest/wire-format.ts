/**
 * MLflow's JSON of experiments, runs and logged models, and what it says.
 * Source: mlflow/protos/service.proto of MLflow 3.17.
 */
import { type Static, Type } from "typebox";
import {
  type DatasetInput,
  type Experiment,
  type Lifecycle,
  type LoggedModel,
  type MetricPoint,
  type Run,
  type RunStatus,
  runStatuses,
} from "../run.ts";
import { presentStatus, processTag } from "../run-process.ts";

const Text = Type.String();
/** An int64, which some servers write as text. */
const Whole = Type.Union([Type.Integer(), Type.String({ pattern: "^-?[0-9]+$" })]);
const Pair = Type.Object({ key: Text, value: Type.Optional(Text) });
const Pairs = Type.Optional(Type.Array(Pair));

const metricSchema = Type.Object({
  key: Text,
  value: Type.Optional(Type.Union([Type.Number(), Text])),
  timestamp: Type.Optional(Whole),
  step: Type.Optional(Whole),
});
const Metrics = Type.Optional(Type.Array(metricSchema));

const experimentSchema = Type.Object({
  experiment_id: Text,
  name: Text,
  lifecycle_stage: Type.Optional(Text),
  artifact_location: Type.Optional(Text),
  tags: Pairs,
});

const datasetInputSchema = Type.Object({
  tags: Pairs,
  dataset: Type.Object({
    name: Text,
    digest: Text,
    source_type: Type.Optional(Text),
    source: Type.Optional(Text),
    schema: Type.Optional(Text),
    profile: Type.Optional(Text),
  }),
});

const runSchema = Type.Object({
  info: Type.Object({
    run_id: Text,
    experiment_id: Text,
    run_name: Type.Optional(Text),
    user_id: Type.Optional(Text),
    status: Type.Optional(Text),
    start_time: Type.Optional(Whole),
    end_time: Type.Optional(Whole),
    artifact_uri: Type.Optional(Text),
    lifecycle_stage: Type.Optional(Text),
  }),
  data: Type.Optional(Type.Object({ metrics: Metrics, params: Pairs, tags: Pairs })),
  inputs: Type.Optional(Type.Object({ dataset_inputs: Type.Optional(Type.Array(datasetInputSchema)) })),
  outputs: Type.Optional(Type.Object({ model_outputs: Type.Optional(Type.Array(Type.Object({ model_id: Text }))) })),
});

const modelSchema = Type.Object({
  info: Type.Object({
    model_id: Text,
    experiment_id: Text,
    name: Text,
    status: Type.Optional(Text),
    source_run_id: Type.Optional(Text),
    creation_timestamp_ms: Type.Optional(Whole),
    artifact_uri: Type.Optional(Text),
    tags: Pairs,
  }),
  data: Type.Optional(Type.Object({ params: Pairs, metrics: Metrics })),
});

const PageToken = Type.Optional(Text);

export const answers = {
  nothing: Type.Object({}),
  experiment: Type.Object({ experiment: experimentSchema }),
  experimentId: Type.Object({ experiment_id: Text }),
  experiments: Type.Object({ experiments: Type.Optional(Type.Array(experimentSchema)), next_page_token: PageToken }),
  run: Type.Object({ run: runSchema }),
  runs: Type.Object({ runs: Type.Optional(Type.Array(runSchema)), next_page_token: PageToken }),
  history: Type.Object({ metrics: Metrics, next_page_token: PageToken }),
  files: Type.Object({
    files: Type.Optional(
      Type.Array(Type.Object({ path: Text, is_dir: Type.Optional(Type.Boolean()), file_size: Type.Optional(Whole) })),
    ),
    next_page_token: PageToken,
  }),
  model: Type.Object({ model: modelSchema }),
  serverInfo: Type.Object({ store_type: Type.Optional(Type.Union([Text, Type.Null()])) }),
} as const;

export function experimentOf(given: Static<typeof experimentSchema>): Experiment {
  return {
    id: given.experiment_id,
    name: given.name,
    lifecycle: lifecycleOf(given.lifecycle_stage),
    artifactLocation: given.artifact_location ?? "",
    tags: mapOf(given.tags),
  };
}

/** A run whose process on this machine is gone is KILLED, whatever the server says of it. */
export async function runOf({ info, data = {}, inputs, outputs }: Static<typeof runSchema>): Promise<Run> {
  const tags = mapOf(data.tags);
  const status = await presentStatus(statusOf(info.status), tags.get(processTag));
  // The server keeps the end of a run that goes on again.
  const endedMs = status === "RUNNING" || status === "SCHEDULED" ? 0 : numberOf(info.end_time);
  return {
    id: info.run_id,
    experimentId: info.experiment_id,
    name: info.run_name || tags.get("mlflow.runName") || "",
    status,
    lifecycle: lifecycleOf(info.lifecycle_stage),
    startedMs: numberOf(info.start_time),
    ...(endedMs > 0 && { endedMs }),
    user: info.user_id || tags.get("mlflow.user") || "",
    artifactUri: info.artifact_uri ?? "",
    params: mapOf(data.params),
    metrics: new Map((data.metrics ?? []).map((metric) => [metric.key, pointOf(metric)])),
    tags,
    inputs: (inputs?.dataset_inputs ?? []).map(inputOf),
    modelIds: [...new Set((outputs?.model_outputs ?? []).map((output) => output.model_id))],
  };
}

function inputOf({ tags, dataset }: Static<typeof datasetInputSchema>): DatasetInput {
  const { name, digest, source_type = "", source = "", schema, profile } = dataset;
  return {
    name,
    digest,
    sourceType: source_type,
    source,
    ...(schema !== undefined && { schema }),
    ...(profile !== undefined && { profile }),
    tags: mapOf(tags),
  };
}

export function modelOf({ info, data = {} }: Static<typeof modelSchema>): LoggedModel {
  const { source_run_id: runId } = info;
  return {
    id: info.model_id,
    experimentId: info.experiment_id,
    name: info.name,
    status: modelStatuses.get(info.status ?? "") ?? "PENDING",
    ...(runId !== undefined && runId !== "" && { runId }),
    createdMs: numberOf(info.creation_timestamp_ms),
    artifactUri: info.artifact_uri ?? "",
    tags: mapOf(info.tags),
    params: mapOf(data.params),
    metrics: (data.metrics ?? []).map(pointOf),
  };
}

const modelStatuses: ReadonlyMap<string, LoggedModel["status"]> = new Map([
  ["LOGGED_MODEL_PENDING", "PENDING"],
  ["LOGGED_MODEL_READY", "READY"],
  ["LOGGED_MODEL_UPLOAD_FAILED", "FAILED"],
]);

export const modelStatusNames = { READY: "LOGGED_MODEL_READY", FAILED: "LOGGED_MODEL_UPLOAD_FAILED" } as const;

export function pointOf({ key, value = 0, timestamp, step }: Static<typeof metricSchema>): MetricPoint {
  return { key, value: metricValue(value), timestampMs: numberOf(timestamp), step: numberOf(step) };
}

/** A point as it is sent: a bare NaN is stored as 0 at time 0. */
export function sentPoint({ key, value, timestampMs, step }: MetricPoint, modelId: string | undefined): object {
  return {
    key,
    value: Number.isFinite(value) ? value : String(value),
    timestamp: timestampMs,
    step,
    ...(modelId !== undefined && { model_id: modelId }),
  };
}

/** Databases hold infinities as the largest number. */
function metricValue(value: number | string): number {
  const number = Number(value);
  return Math.abs(number) === Number.MAX_VALUE ? Math.sign(number) * Number.POSITIVE_INFINITY : number;
}

export function pairsOf(map: ReadonlyMap<string, string> | undefined): { key: string; value: string }[] {
  return [...(map ?? [])].map(([key, value]) => ({ key, value }));
}

export const viewTypes = { active: "ACTIVE_ONLY", deleted: "DELETED_ONLY", all: "ALL" } as const;

function mapOf(pairs: readonly Static<typeof Pair>[] | undefined): Map<string, string> {
  return new Map((pairs ?? []).map(({ key, value = "" }) => [key, value]));
}

function numberOf(value: Static<typeof Whole> | undefined): number {
  return Number(value ?? 0);
}

function lifecycleOf(stage: string | undefined): Lifecycle {
  return stage === "deleted" ? "deleted" : "active";
}

function statusOf(status: string | undefined): RunStatus {
  return runStatuses.find((known) => known === status) ?? "RUNNING";
}
