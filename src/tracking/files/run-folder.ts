/** One run's folder, of which only the files that are asked for are opened, each once. */
import { join } from "node:path";
import type { DatasetInput, MetricPoint, Run, RunStatus } from "../run.ts";
import { runKeyFault } from "../run-rules.ts";
import type { RunQuery } from "../run-store.ts";
import type { RunAttribute, SearchableRun } from "../search/searchable-run.ts";
import { isBelow, keysBelow, readKey } from "./keyed-files.ts";
import { readInputs, readOutputs } from "./linked-meta.ts";
import { latestPoint } from "./metric-lines.ts";
import { kindOf, readPlainFile } from "./plain-files.ts";
import { presentUri, type RunMeta } from "./run-meta.ts";

/** A metric's file of ten million points. */
export const largestMetricBytes = 2 ** 29;

/** MLflow's name of a run, also where its `meta.yaml` has none. */
export const nameTag = "mlflow.runName";

export class RunFolder implements SearchableRun {
  readonly path: string;
  readonly meta: RunMeta;
  /** As stored, until the store has asked for the process. */
  status: RunStatus;
  readonly #metrics = new Map<string, MetricPoint | undefined>();
  readonly #params = new Map<string, string | undefined>();
  readonly #tags = new Map<string, string | undefined>();
  readonly #isFolder = new Map<string, boolean>();
  #inputs: readonly DatasetInput[] | undefined;

  constructor(path: string, meta: RunMeta) {
    this.path = path;
    this.meta = meta;
    this.status = meta.status;
  }

  get name(): string {
    return this.meta.name || (this.tag(nameTag) ?? "");
  }

  get artifactUri(): string {
    return presentUri(this.meta.artifactUri, join(this.path, "artifacts"), this.#has("artifacts"));
  }

  attribute(name: RunAttribute): string | number | undefined {
    switch (name) {
      case "artifact_uri":
        return this.artifactUri;
      case "end_time":
        return this.meta.endedMs;
      case "run_id":
        return this.meta.id;
      case "run_name":
        return this.name;
      case "start_time":
        return this.meta.startedMs;
      case "status":
        return this.status;
      case "user_id":
        return this.meta.user;
    }
  }

  metric(key: string): number | undefined {
    return this.latest(key)?.value;
  }

  /** The latest point of a metric. */
  latest(key: string): MetricPoint | undefined {
    return memoized(this.#metrics, key, () => {
      const bytes = this.metricBytes(key);
      return bytes && latestPoint(key, bytes);
    });
  }

  /** The metric's file; undefined where there is none. */
  metricBytes(key: string): Buffer | undefined {
    const folder = join(this.path, "metrics");
    if (runKeyFault(key) !== undefined || !this.#has("metrics") || !isBelow(folder, key)) return undefined;
    return readPlainFile(join(folder, key), largestMetricBytes);
  }

  param(key: string): string | undefined {
    return memoized(this.#params, key, () => this.#value("params", key));
  }

  tag(key: string): string | undefined {
    return memoized(this.#tags, key, () => this.#value("tags", key));
  }

  datasets(): readonly DatasetInput[] {
    this.#inputs ??= readInputs(this.path);
    return this.#inputs;
  }

  /** The run, with all that it holds or with `only` some of it. Errors: RUN_STORE_INVALID. */
  read(only?: RunQuery["only"]): Run {
    const { id, experimentId, lifecycle, startedMs, endedMs, user } = this.meta;
    const needsLinks = only === undefined || only.inputs === true;
    return {
      id,
      experimentId,
      name: this.name,
      status: this.status,
      lifecycle,
      startedMs,
      ...(endedMs !== undefined && { endedMs }),
      user,
      artifactUri: this.artifactUri,
      params: this.#all("params", only && (only.params ?? []), (key) => this.param(key)),
      metrics: this.#all("metrics", only && (only.metrics ?? []), (key) => this.latest(key)),
      tags: this.#all("tags", only && (only.tags ?? []), (key) => this.tag(key)),
      inputs: needsLinks ? this.datasets() : [],
      modelIds: needsLinks ? readOutputs(this.path) : [],
    };
  }

  #all<T>(folder: string, only: readonly string[] | undefined, read: (key: string) => T | undefined): Map<string, T> {
    const found = new Map<string, T>();
    for (const key of only ?? keysBelow(join(this.path, folder)).sort()) {
      const value = read(key);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  #value(folder: string, key: string): string | undefined {
    return this.#has(folder) ? readKey(join(this.path, folder), key) : undefined;
  }

  /** Whether a folder of the run is there, and no link to another one. */
  #has(folder: string): boolean {
    return memoized(this.#isFolder, folder, () => kindOf(join(this.path, folder)) === "folder");
  }
}

function memoized<T>(memory: Map<string, T>, key: string, read: () => T): T {
  if (!memory.has(key)) memory.set(key, read());
  return memory.get(key) as T; // just set
}
