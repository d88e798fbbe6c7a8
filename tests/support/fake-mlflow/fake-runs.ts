/** Experiments, runs and logged models of the fake server, in memory. */
import { randomUUID } from "node:crypto";
import { isAppError } from "../../../src/base/errors.ts";
import type { DatasetInput, MetricPoint, Run, RunStatus } from "../../../src/tracking/run.ts";
import { runKeyFault } from "../../../src/tracking/run-rules.ts";
import { matchesFilter, parseRunFilter } from "../../../src/tracking/search/run-filter.ts";
import { parseRunOrder, sortRuns } from "../../../src/tracking/search/run-order.ts";
import { type SearchableRun, searchableOf } from "../../../src/tracking/search/searchable-run.ts";
import {
  doesNotExist,
  type Input,
  invalidValue,
  jsonPairs,
  list,
  optional,
  pageOf,
  pairs,
  Refusal,
  required,
} from "./refusal.ts";

interface FakeExperiment {
  readonly id: string;
  readonly name: string;
  lifecycle: "active" | "deleted";
}

interface FakeRun {
  readonly id: string;
  readonly experimentId: string;
  name: string;
  status: RunStatus;
  lifecycle: "active" | "deleted";
  readonly startedMs: number;
  endedMs?: number;
  readonly user: string;
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly points: Map<string, MetricPoint[]>;
  readonly inputs: DatasetInput[];
  readonly outputs: string[];
}

interface FakeModel {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  status: string;
  readonly runId: string;
  readonly createdMs: number;
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly points: (MetricPoint & { readonly runId: string })[];
}

export class FakeRuns {
  readonly experiments: FakeExperiment[] = [{ id: "0", name: "Default", lifecycle: "active" }];
  readonly runs = new Map<string, FakeRun>();
  readonly models = new Map<string, FakeModel>();
  /** As over MLflow's folders: a point is kept as often as it comes. */
  readonly #keepsRepeats: boolean;

  constructor(keepsRepeats: boolean) {
    this.#keepsRepeats = keepsRepeats;
  }

  readonly routes: Readonly<Record<string, (input: Input) => object>> = {
    "GET experiments/get-by-name": (input) => {
      const name = required(input, "experiment_name");
      const found = this.experiments.find((one) => one.name === name);
      if (found === undefined) throw doesNotExist(`Could not find experiment with name '${name}'`);
      return { experiment: experimentJson(found) };
    },
    "GET experiments/get": (input) => ({
      experiment: experimentJson(this.#experiment(required(input, "experiment_id"))),
    }),
    "POST experiments/create": (input) => {
      const name = required(input, "name");
      if (this.experiments.some((one) => one.name === name))
        throw new Refusal(
          "RESOURCE_ALREADY_EXISTS",
          `Experiment(name=${name}) already exists. Error: UNIQUE constraint failed: experiments.name`,
        );
      const id = `${this.experiments.length}`;
      this.experiments.push({ id, name, lifecycle: "active" });
      return { experiment_id: id };
    },
    "POST experiments/delete": (input) => {
      this.#experiment(required(input, "experiment_id")).lifecycle = "deleted";
      return {};
    },
    "POST experiments/search": (input) => {
      const found = this.experiments.filter((one) => inView(one.lifecycle, input.view_type));
      const { page, next_page_token } = pageOf(found.toReversed(), input, 1000);
      return { experiments: page.map(experimentJson), next_page_token };
    },
    "POST runs/create": (input) => {
      const experiment = this.#experiment(required(input, "experiment_id"));
      if (experiment.lifecycle !== "active")
        throw invalidValue(`The experiment ${experiment.id} must be in the 'active' state. Current state is deleted.`);
      const tags = new Map(pairs(input, "tags"));
      const run: FakeRun = {
        id: newId(),
        experimentId: experiment.id,
        name: optional(input, "run_name") ?? tags.get("mlflow.runName") ?? "nameless",
        status: "RUNNING",
        lifecycle: "active",
        startedMs: Number(input.start_time ?? 0),
        user: optional(input, "user_id") ?? "",
        params: new Map(),
        tags,
        points: new Map(),
        inputs: [],
        outputs: [],
      };
      tags.set("mlflow.runName", run.name);
      this.runs.set(run.id, run);
      return { run: runJson(run) };
    },
    "GET runs/get": (input) => ({ run: runJson(this.#run(required(input, "run_id"))) }),
    "POST runs/update": (input) => {
      const run = this.#activeRun(required(input, "run_id"));
      const status = optional(input, "status");
      const name = optional(input, "run_name");
      if (status !== undefined) run.status = status as RunStatus; // unknown ones are taken, as by the real server
      if (input.end_time !== undefined) run.endedMs = Number(input.end_time);
      if (name !== undefined) this.#rename(run, name);
      return { run_info: runJson(run).info };
    },
    "POST runs/delete": (input) => this.#setLifecycle(input, "deleted"),
    "POST runs/restore": (input) => this.#setLifecycle(input, "active"),
    "POST runs/search": (input) => this.#search(input),
    "POST runs/log-batch": (input) => this.#logBatch(input),
    "POST runs/log-metric": ({ run_id, ...metric }) => this.#logBatch({ run_id, metrics: [metric] }),
    "POST runs/log-parameter": ({ run_id, ...param }) => this.#logBatch({ run_id, params: [param] }),
    "POST runs/set-tag": (input) => {
      const run = this.#activeRun(required(input, "run_id"));
      run.tags.set(required(input, "key"), String(input.value ?? ""));
      return {};
    },
    "POST runs/delete-tag": (input) => {
      const run = this.#activeRun(required(input, "run_id"));
      const key = required(input, "key");
      if (!run.tags.delete(key)) throw doesNotExist(`No tag with name: ${key} in run with id ${run.id}`);
      return {};
    },
    "GET metrics/get-history": (input) => {
      // No error for a run that is not there, as by the real server over a database.
      const points = this.runs.get(required(input, "run_id"))?.points.get(required(input, "metric_key")) ?? [];
      const ordered = this.#keepsRepeats ? points : points.toSorted(byTime);
      const { page, next_page_token } = pageOf(ordered, input, 25_000);
      return page.length === 0 ? {} : { metrics: page.map(metricJson), next_page_token };
    },
    "POST runs/log-inputs": (input) => {
      const run = this.#activeRun(required(input, "run_id"));
      for (const given of list(input, "datasets")) {
        const dataset = given.dataset as Input; // the caller's JSON, as the real server reads it
        const known = run.inputs.some((one) => one.name === dataset.name && one.digest === dataset.digest);
        if (known) continue;
        run.inputs.push({
          name: required(dataset, "name"),
          digest: required(dataset, "digest"),
          sourceType: required(dataset, "source_type"),
          source: required(dataset, "source"),
          ...(typeof dataset.schema === "string" && { schema: dataset.schema }),
          ...(typeof dataset.profile === "string" && { profile: dataset.profile }),
          tags: new Map(pairs(given, "tags")),
        });
      }
      return {};
    },
    "POST runs/outputs": (input) => {
      const run = this.#activeRun(required(input, "run_id"));
      for (const model of list(input, "models")) run.outputs.push(required(model, "model_id"));
      return {};
    },
    "POST logged-models": (input) => {
      const model: FakeModel = {
        id: `m-${newId()}`,
        experimentId: this.#experiment(required(input, "experiment_id")).id,
        name: required(input, "name"),
        status: "LOGGED_MODEL_PENDING",
        runId: optional(input, "source_run_id") ?? "",
        createdMs: Date.now(),
        params: new Map(pairs(input, "params")),
        tags: new Map(pairs(input, "tags")),
        points: [],
      };
      this.models.set(model.id, model);
      return { model: modelJson(model) };
    },
    "POST logged-models/search": (input) => {
      const wanted = new Set(list(input, "experiment_ids").map(String));
      const found = [...this.models.values()].filter((model) => wanted.has(model.experimentId));
      return { models: found.map(modelJson) };
    },
    "GET logged-models/:id": ({ id }) => ({ model: modelJson(this.model(String(id))) }),
    "PATCH logged-models/:id": (input) => {
      const model = this.model(String(input.id));
      model.status = required(input, "status");
      return { model: modelJson(model) };
    },
    "PATCH logged-models/:id/tags": (input) => {
      for (const [key, value] of pairs(input, "tags")) this.model(String(input.id)).tags.set(key, value);
      return {};
    },
    "POST logged-models/:id/params": (input) => {
      for (const [key, value] of pairs(input, "params")) this.model(String(input.id)).params.set(key, value);
      return {};
    },
  };

  model(id: string): FakeModel {
    const found = this.models.get(id);
    if (found === undefined) throw doesNotExist(`Logged model with ID '${id}' not found.`);
    return found;
  }

  /** Below the artifacts of the server: `1/ID/artifacts`. */
  artifactRoot(owner: { readonly runId: string } | { readonly modelId: string }): string {
    return "runId" in owner
      ? `${this.#run(owner.runId).experimentId}/${owner.runId}/artifacts`
      : `${this.model(owner.modelId).experimentId}/models/${owner.modelId}/artifacts`;
  }

  #experiment(id: string): FakeExperiment {
    const found = this.experiments.find((one) => one.id === id);
    if (found === undefined) throw doesNotExist(`No Experiment with id=${id} exists`);
    return found;
  }

  #run(id: string): FakeRun {
    const found = this.runs.get(id);
    if (found === undefined) throw doesNotExist(`Run with id=${id} not found`);
    return found;
  }

  #activeRun(id: string): FakeRun {
    const run = this.#run(id);
    if (run.lifecycle === "active") return run;
    throw invalidValue(`The run ${id} must be in the 'active' state. Current state is deleted.`);
  }

  #setLifecycle(input: Input, lifecycle: "active" | "deleted"): object {
    this.#run(required(input, "run_id")).lifecycle = lifecycle;
    return {};
  }

  #rename(run: FakeRun, name: string): void {
    run.name = name;
    run.tags.set("mlflow.runName", name);
  }

  #search(input: Input): object {
    const wanted = new Set(list(input, "experiment_ids").map(String));
    if (Number(input.max_results ?? 1000) > 50_000)
      throw invalidValue(`Invalid value ${input.max_results} for parameter 'max_results' supplied`);
    try {
      const filter = parseRunFilter(optional(input, "filter"));
      const order = parseRunOrder(list(input, "order_by").map(String));
      const found: (SearchableRun & { readonly run: FakeRun })[] = [...this.runs.values()]
        .filter((run) => wanted.has(run.experimentId) && inView(run.lifecycle, input.run_view_type))
        .map((run) => ({ ...searchableOf(plainRun(run)), run }))
        .filter((run) => matchesFilter(run, filter));
      const { page, next_page_token } = pageOf(sortRuns(found, order), input, 1000);
      return { runs: page.map(({ run }) => runJson(run)), next_page_token };
    } catch (error) {
      throw isAppError(error, "FILTER_INVALID")
        ? invalidValue(`Invalid clause(s) in filter string: ${error.message}`)
        : error;
    }
  }

  #logBatch(input: Input): object {
    const [metrics, params, tags] = [list(input, "metrics"), pairs(input, "params"), pairs(input, "tags")];
    const run = this.#activeRun(required(input, "run_id"));
    requireSizes(metrics.length, params.length, tags.length);
    for (const [at, { key }] of metrics.entries()) requireKey(String(key ?? ""), `metrics[${at}]`);
    for (const [at, [key]] of params.entries()) requireKey(key, `params[${at}]`);
    for (const [at, [key]] of tags.entries()) requireKey(key, `tags[${at}]`);
    for (const [key, value] of params) {
      const old = run.params.get(key);
      if (old === undefined || old === value) continue;
      const change = `[{'key': '${key}', 'old_value': '${old}', 'new_value': '${value}'}]`;
      throw invalidValue(
        `Changing param values is not allowed. Params were already logged='${change}' for run ID='${run.id}'.`,
      );
    }
    for (const [key, value] of params) run.params.set(key, value.slice(0, 6000));
    for (const metric of metrics) this.#logMetric(run, metric);
    for (const [key, value] of tags) {
      run.tags.set(key, value.slice(0, 8000));
      if (key === "mlflow.runName") run.name = value;
    }
    return {};
  }

  #logMetric(run: FakeRun, metric: Input): void {
    const point = pointOf(metric);
    const points = run.points.get(point.key) ?? [];
    run.points.set(point.key, points);
    const isThere = points.some((one) => byTime(one, point) === 0);
    if (!isThere || this.#keepsRepeats) points.push(point);
    const modelId = optional(metric, "model_id");
    if (modelId !== undefined) this.model(modelId).points.push({ ...point, runId: run.id });
  }
}

function newId(): string {
  return randomUUID().replaceAll("-", "");
}

function inView(lifecycle: string, view: unknown): boolean {
  if (view === "ALL") return true;
  return lifecycle === (view === "DELETED_ONLY" ? "deleted" : "active");
}

function requireSizes(metrics: number, params: number, tags: number): void {
  const limits = [
    ["metrics", metrics, 1000],
    ["params", params, 100],
    ["tags", tags, 100],
    ["metrics, params, and tags", metrics + params + tags, 1000],
  ] as const;
  for (const [what, count, limit] of limits) {
    if (count > limit)
      throw invalidValue(
        `A batch logging request can contain at most ${limit} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`,
      );
  }
}

function requireKey(key: string, where: string): void {
  if (key === "")
    throw invalidValue(
      `Missing value for required parameter '${where}.key'. See the API docs for more information about request parameters.`,
    );
  if (runKeyFault(key) !== undefined)
    throw invalidValue(`Invalid value "${key}" for parameter '${where}.name' supplied`);
}

/** A bare number beyond float64, or another text, becomes 0 at time 0. */
function pointOf({ key, value, timestamp, step }: Input): MetricPoint {
  const isText = typeof value === "string";
  const number =
    isText && /^-?Infinity$|^NaN$/.test(value) ? Number(value) : isText ? Number.parseFloat(value) : Number(value);
  const isRead = typeof value === "number" || (isText && (value === "NaN" || !Number.isNaN(number)));
  return isRead
    ? { key: String(key), value: stored(number), timestampMs: Number(timestamp), step: Number(step ?? 0) }
    : { key: String(key), value: 0, timestampMs: 0, step: 0 };
}

/** A database holds infinities as the largest number. */
function stored(value: number): number {
  return Math.abs(value) === Number.POSITIVE_INFINITY ? Math.sign(value) * Number.MAX_VALUE : value;
}

function byTime(a: MetricPoint, b: MetricPoint): number {
  return (
    a.timestampMs - b.timestampMs || a.step - b.step || (Object.is(a.value, b.value) ? 0 : a.value - b.value || -1)
  );
}

function latestOf(points: readonly MetricPoint[]): MetricPoint {
  return points.reduce(laterOf);
}

function laterOf(last: MetricPoint, one: MetricPoint): MetricPoint {
  const difference = one.step - last.step || one.timestampMs - last.timestampMs || one.value - last.value;
  return difference > 0 ? one : last;
}

function metricJson({ key, value, timestampMs, step }: MetricPoint): object {
  return { key, value: Number.isNaN(value) ? "NaN" : value, timestamp: timestampMs, step };
}

function experimentJson({ id, name, lifecycle }: FakeExperiment): object {
  return { experiment_id: id, name, artifact_location: `mlflow-artifacts:/${id}`, lifecycle_stage: lifecycle };
}

function artifactUriOf({ id, experimentId }: FakeRun): string {
  return `mlflow-artifacts:/${experimentId}/${id}/artifacts`;
}

function plainRun(run: FakeRun): Run {
  const metrics = new Map([...run.points].map(([key, points]) => [key, latestOf(points)]));
  return { ...run, metrics, artifactUri: artifactUriOf(run), modelIds: run.outputs };
}

function runJson(run: FakeRun): { info: object; data: object; inputs: object; outputs: object } {
  const metrics = [...run.points.values()].map((points) => metricJson(latestOf(points)));
  return {
    info: {
      run_uuid: run.id,
      experiment_id: run.experimentId,
      run_name: run.name,
      user_id: run.user,
      status: run.status,
      start_time: run.startedMs,
      end_time: run.endedMs,
      artifact_uri: artifactUriOf(run),
      lifecycle_stage: run.lifecycle,
      run_id: run.id,
    },
    data: {
      metrics: metrics.length === 0 ? undefined : metrics,
      params: jsonPairs(run.params),
      tags: jsonPairs(run.tags),
    },
    inputs: {
      dataset_inputs:
        run.inputs.length === 0
          ? undefined
          : run.inputs.map(({ tags, sourceType, ...dataset }) => ({
              tags: jsonPairs(tags),
              dataset: { ...dataset, source_type: sourceType },
            })),
    },
    outputs: {
      model_outputs: run.outputs.length === 0 ? undefined : run.outputs.map((model_id) => ({ model_id, step: 0 })),
    },
  };
}

function modelJson(model: FakeModel): object {
  return {
    info: {
      model_id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.createdMs,
      last_updated_timestamp_ms: model.createdMs,
      artifact_uri: `mlflow-artifacts:/${model.experimentId}/models/${model.id}/artifacts`,
      status: model.status,
      model_type: "",
      source_run_id: model.runId,
      tags: jsonPairs(model.tags),
    },
    data: {
      params: jsonPairs(model.params),
      metrics:
        model.points.length === 0
          ? undefined
          : model.points.map((point) => ({ ...metricJson(point), model_id: model.id, run_id: point.runId })),
    },
  };
}
