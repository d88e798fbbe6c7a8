/**
 * A tracking server in memory behind the port, which fails as servers do: before the work, after
 * it, in the middle of it, or not at all but too late.
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AppError } from "../../src/base/errors.ts";
import type { ArtifactOwner, Experiment, LoggedModel, MetricPoint, Run } from "../../src/tracking/run.ts";
import type { RunBatch, RunStore } from "../../src/tracking/run-store.ts";

/** What becomes of one call. */
export type Fault = "none" | "before" | "after" | "half" | "slow";

export interface MemoryServerOptions {
  /** As MLflow's file store does; else identical points are one, as in SQL. */
  readonly keepsDuplicates?: boolean;
  /** Asked at each call but `close`. */
  readonly fault?: (call: string) => Fault;
  /** A server before MLflow 3. */
  readonly hasNoModels?: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type StoredRun = Mutable<Omit<Run, "params" | "tags" | "metrics" | "inputs" | "modelIds">> & {
  params: Map<string, string>;
  tags: Map<string, string>;
  history: Map<string, MetricPoint[]>;
  inputs: Run["inputs"][number][];
  modelIds: string[];
};

export interface MemoryServer extends RunStore {
  /** What it holds, whatever the faults. */
  readonly runs: ReadonlyMap<string, StoredRun>;
  readonly models: ReadonlyMap<string, LoggedModel>;
  /** `OWNER/path` to content. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly calls: readonly string[];
}

const hex = (): string => randomUUID().replaceAll("-", "");

export function memoryServer({
  keepsDuplicates = false,
  fault = () => "none",
  hasNoModels = false,
}: MemoryServerOptions = {}): MemoryServer {
  const experiments: Experiment[] = [];
  const runs = new Map<string, StoredRun>();
  const models = new Map<string, LoggedModel>();
  const files = new Map<string, Buffer>();
  const calls: string[] = [];

  const missing = (code: "RUN_NOT_FOUND" | "LOGGED_MODEL_NOT_FOUND" | "FILE_NOT_FOUND", id: string): AppError =>
    new AppError(code, { required: "something that is there", received: id });
  const runOf = (id: string): StoredRun => {
    const run = runs.get(id);
    if (run === undefined) throw missing("RUN_NOT_FOUND", id);
    return run;
  };
  const modelOf = (id: string): LoggedModel => {
    const model = models.get(id);
    if (model === undefined) throw missing("LOGGED_MODEL_NOT_FOUND", id);
    return model;
  };
  const shown = ({ history, ...run }: StoredRun): Run => ({
    ...run,
    params: new Map(run.params),
    tags: new Map(run.tags),
    inputs: [...run.inputs],
    modelIds: [...run.modelIds],
    metrics: new Map([...history].map(([key, points]) => [key, points.toSorted((a, b) => b.step - a.step)[0]!])),
  });
  const prefixOf = (owner: ArtifactOwner): string => `${"runId" in owner ? owner.runId : owner.modelId}/`;

  /** A call of the server; `half` does a part of the work. */
  async function call<T>(name: string, work: () => T | Promise<T>, half: () => void = () => undefined): Promise<T> {
    calls.push(name);
    const fate = fault(name);
    await new Promise((resolve) => setImmediate(resolve));
    if (fate === "before" || fate === "half") {
      if (fate === "half") half();
      throw unavailable();
    }
    const result = await work();
    if (fate === "slow") await new Promise((resolve) => setTimeout(resolve, 60));
    if (fate === "after") throw unavailable();
    return result;
  }

  function addPoints(run: StoredRun, points: readonly MetricPoint[]): void {
    for (const point of points) {
      const history = run.history.get(point.key) ?? [];
      run.history.set(point.key, history);
      const isThere = history.some(
        ({ step, timestampMs, value }) =>
          step === point.step && timestampMs === point.timestampMs && Object.is(value, point.value),
      );
      if (keepsDuplicates || !isThere) history.push(point);
    }
  }

  function log(id: string, { metrics = [], params = new Map(), tags = new Map(), modelId }: RunBatch): void {
    const run = runOf(id);
    if (run.lifecycle === "deleted") throw missing("RUN_NOT_FOUND", id);
    for (const [key, value] of params) {
      const there = run.params.get(key);
      if (there !== undefined && there !== value)
        throw new AppError("PARAM_CHANGED", { required: there, received: value });
      run.params.set(key, value);
    }
    addPoints(run, metrics);
    const model = modelId === undefined ? undefined : modelOf(modelId);
    if (model !== undefined) models.set(model.id, { ...model, metrics: [...model.metrics, ...metrics] });
    for (const [key, value] of tags) run.tags.set(key, value);
  }

  function ensureExperiment(name: string): Experiment {
    const there = experiments.find((experiment) => experiment.name === name);
    if (there !== undefined) return there;
    const made = {
      id: String(experiments.length + 1),
      name,
      lifecycle: "active",
      artifactLocation: "",
      tags: new Map(),
    } as const;
    experiments.push(made);
    return made;
  }

  return {
    location: "http://tracking.test:5000",
    givesRunIds: true,
    runs,
    models,
    files,
    calls,
    findExperiment: (name) => call("findExperiment", () => experiments.find((one) => one.name === name)),
    ensureExperiment: (name) => call("ensureExperiment", () => ensureExperiment(name)),
    listExperiments: () => call("listExperiments", () => [...experiments]),
    createRun: ({ experimentId, name, startedMs, tags = new Map(), id }) =>
      call("createRun", () => {
        if (id !== undefined) throw new TypeError("the server gives ids");
        const run: StoredRun = {
          id: hex(),
          experimentId,
          name,
          status: "RUNNING",
          lifecycle: "active",
          startedMs,
          user: "",
          artifactUri: "",
          params: new Map(),
          tags: new Map(tags),
          history: new Map(),
          inputs: [],
          modelIds: [],
        };
        runs.set(run.id, run);
        return shown(run);
      }),
    getRun: (id) => call("getRun", () => shown(runOf(id))),
    updateRun: (id, change) => call("updateRun", () => void Object.assign(runOf(id), change)),
    searchRuns: ({ filter }) =>
      call("searchRuns", () => {
        const [, key, value] = /^tags\.`(.*)` = '(.*)'$/.exec(filter ?? "") ?? [];
        const found = [...runs.values()].filter(({ tags }) => key === undefined || tags.get(key) === value);
        return { runs: found.map(shown), faults: [] };
      }),
    logBatch: (id, batch) =>
      call(
        "logBatch",
        () => log(id, batch),
        () => log(id, { ...batch, metrics: batch.metrics?.slice(0, Math.ceil(batch.metrics.length / 2)) ?? [] }),
      ),
    deleteTag: (id, key) => call("deleteTag", () => void runOf(id).tags.delete(key)),
    metricHistory: (id, key) => call("metricHistory", () => [...(runOf(id).history.get(key) ?? [])]),
    logInputs: (id, inputs) => call("logInputs", () => void runOf(id).inputs.push(...inputs)),
    deleteRun: (id) => call("deleteRun", () => void Object.assign(runOf(id), { lifecycle: "deleted" })),
    restoreRun: (id) => call("restoreRun", () => void Object.assign(runOf(id), { lifecycle: "active" })),
    listArtifacts: (owner, folder) =>
      call("listArtifacts", () => {
        const prefix = `${prefixOf(owner)}${folder === undefined || folder === "" ? "" : `${folder}/`}`;
        const below = [...files].filter(([path]) => path.startsWith(prefix));
        const names = new Map(
          below.map(([path, bytes]) => [path.slice(prefix.length).split("/")[0]!, { path, bytes }]),
        );
        return [...names].map(([name, { path, bytes }]) => {
          const isFolder = path !== `${prefix}${name}`;
          const shownName = `${prefix}${name}`.slice(prefixOf(owner).length);
          return { path: shownName, isFolder, ...(!isFolder && { sizeBytes: bytes.length }) };
        });
      }),
    async *readArtifact(owner, path) {
      yield await call("readArtifact", () => {
        const bytes = files.get(prefixOf(owner) + path);
        if (bytes === undefined) throw missing("FILE_NOT_FOUND", path);
        return bytes;
      });
    },
    writeArtifact: (owner, path, content) =>
      call("writeArtifact", async () => {
        const bytes = content instanceof Uint8Array ? Buffer.from(content) : await readFile(content.file);
        files.set(prefixOf(owner) + path, bytes);
      }),
    createModel: ({ experimentId, name, runId, tags = new Map(), params = new Map() }) =>
      call("createModel", () => {
        if (hasNoModels) throw new AppError("TRACKING_UNSUPPORTED", { required: "MLflow 3", received: "2.9" });
        const model = {
          id: `m-${hex()}`,
          experimentId,
          name,
          status: "PENDING",
          createdMs: 0,
          artifactUri: "",
          tags,
          params,
          metrics: [],
          ...(runId !== undefined && { runId }),
        } as const;
        models.set(model.id, model);
        if (runId !== undefined) runOf(runId).modelIds.push(model.id);
        return model;
      }),
    finishModel: (id, status) => call("finishModel", () => void models.set(id, { ...modelOf(id), status })),
    getModel: (id) => call("getModel", () => modelOf(id)),
    close: async () => undefined,
  };
}

function unavailable(): AppError {
  return new AppError("TRACKING_UNAVAILABLE", { required: "an answer of the server", received: "a closed connection" });
}
