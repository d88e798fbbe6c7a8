/** Runs in a folder, in MLflow's own layout: experiments, runs and logged models as files. */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isAppError } from "../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { writeFailure } from "../../base/files/file-failure.ts";
import { userName } from "../../base/machine/user-name.ts";
import type {
  ArtifactEntry,
  ArtifactOwner,
  DatasetInput,
  Experiment,
  Lifecycle,
  LoggedModel,
  MetricPoint,
  Run,
  RunStatus,
} from "../run.ts";
import {
  requireBatch,
  requireExperimentName,
  requireInputs,
  requireNewModel,
  requireNewRun,
  requireRunKey,
  requireRunName,
  requireTimeOfRun,
} from "../run-rules.ts";
import type { ArtifactContent, NewLoggedModel, NewRun, RunBatch, RunPage, RunQuery, RunStore } from "../run-store.ts";
import { ensureExperiment, experimentNamed, readableExperiments } from "./experiments.ts";
import { isBelow, removeEmptyParents, requireRoom } from "./keyed-files.ts";
import { addInputs, addOutput } from "./linked-meta.ts";
import { makeModel, readModel, requireModelFolder, writeModelStatus } from "./logged-models.ts";
import { parseMetricFile } from "./metric-lines.ts";
import { MetricLog } from "./metric-log.ts";
import { kindOf } from "./plain-files.ts";
import { idTaken, requireActiveExperiment, requireActiveRun, requireRun, type StorePlace } from "./required-folders.ts";
import { artifactsName, listFolder, readFrom, writeTo } from "./run-artifacts.ts";
import { nameTag, RunFolder } from "./run-folder.ts";
import { formatRunMeta, metaName, type RunMeta } from "./run-meta.ts";
import { type FoundRuns, findRuns, noteStatus, offsetOf, pageTokenOf, readPage, requireLimit } from "./search-runs.ts";
import { findRunFolder } from "./store-tree.ts";
import { requireWritable, writeParams, writeTags } from "./write-values.ts";

/** The folder need not exist; the first write makes it. */
export async function openFileRunStore(folder: string): Promise<RunStore> {
  return new FileRunStore(folder);
}

class FileRunStore implements RunStore {
  readonly location: string;
  readonly givesRunIds = false;
  readonly #root: string;
  readonly #place: StorePlace;
  readonly #metricLog = new MetricLog();
  #changes: Promise<unknown> = Promise.resolve();
  /** Keys that have room, by their folder: looked for once. */
  readonly #metricKeys = new Map<string, Set<string>>();
  /** What the last search found, for its next pages. */
  #lastSearch: { readonly key: string; readonly found: FoundRuns } | undefined;

  constructor(folder: string) {
    this.location = folder;
    this.#root = resolve(folder);
    this.#place = { root: this.#root, location: folder };
  }

  async findExperiment(name: string): Promise<Experiment | undefined> {
    return experimentNamed(this.#root, name);
  }

  async ensureExperiment(name: string): Promise<Experiment> {
    requireExperimentName(name);
    return ensureExperiment(this.#root, name);
  }

  async listExperiments(lifecycle: Lifecycle | "all" = "active"): Promise<readonly Experiment[]> {
    return readableExperiments(this.#root)
      .map(({ experiment }) => experiment)
      .filter((experiment) => lifecycle === "all" || experiment.lifecycle === lifecycle);
  }

  async createRun(run: NewRun): Promise<Run> {
    requireNewRun(run);
    const experiment = requireActiveExperiment(this.#place, run.experimentId);
    const id = run.id ?? randomUUID().replaceAll("-", "");
    const path = join(experiment.path, id);
    if (findRunFolder(this.#root, id) !== undefined) throw idTaken(this.#place, id);
    const tags = new Map([...(run.tags ?? []), [nameTag, run.name]]);
    const meta: RunMeta = {
      id,
      experimentId: experiment.id,
      name: run.name,
      status: "RUNNING",
      lifecycle: "active",
      startedMs: run.startedMs,
      endedMs: undefined,
      deletedMs: undefined,
      user: tags.get("mlflow.user") ?? userName(),
      artifactUri: pathToFileURL(join(path, artifactsName)).href,
    };
    // MLflow takes a folder for a run once it has all of these.
    for (const name of ["metrics", "params", "tags", artifactsName]) await ensureFolder(join(path, name));
    const folder = new RunFolder(path, meta);
    requireWritable(folder, new Map(), tags);
    await writeTags(folder, tags);
    try {
      await writeFileAtomic(join(path, metaName), formatRunMeta(meta));
    } catch (error) {
      throw isAppError(error, "FILE_EXISTS") ? idTaken(this.#place, id) : error;
    }
    return this.getRun(id);
  }

  async getRun(id: string): Promise<Run> {
    const run = requireRun(this.#place, id);
    await noteStatus(run, []);
    return run.read();
  }

  async updateRun(
    id: string,
    { status, endedMs, name }: { status?: RunStatus; endedMs?: number; name?: string },
  ): Promise<void> {
    if (name !== undefined) requireRunName(name);
    if (endedMs !== undefined) requireTimeOfRun(endedMs);
    const run = requireActiveRun(this.#place, id);
    if (name !== undefined) await writeTags(run, new Map([[nameTag, name]]));
    // A run that goes on has not ended.
    const isGoingOn = status === "RUNNING" || status === "SCHEDULED";
    await this.#changeMeta(id, (meta) => ({
      ...meta,
      ...(status !== undefined && { status }),
      ...(name !== undefined && { name }),
      endedMs: endedMs ?? (isGoingOn ? undefined : meta.endedMs),
    }));
  }

  async searchRuns(query: RunQuery): Promise<RunPage> {
    requireLimit(query);
    const offset = offsetOf(query.pageToken);
    const { pageToken: _token, limit = 1000, only: _only, ...search } = query;
    const key = JSON.stringify(search);
    const isNextPage = offset > 0 && this.#lastSearch?.key === key;
    const found = isNextPage && this.#lastSearch ? this.#lastSearch.found : await findRuns(this.#root, query);
    const end = offset + limit;
    const hasMore = end < found.runs.length;
    this.#lastSearch = hasMore ? { key, found } : undefined;
    const page = await readPage(found, offset, query);
    return { ...page, ...(hasMore && { nextPageToken: pageTokenOf(end) }) };
  }

  async logBatch(id: string, batch: RunBatch): Promise<void> {
    requireBatch(batch);
    const { metrics = [], params = new Map(), tags = new Map(), modelId } = batch;
    const run = requireActiveRun(this.#place, id);
    const name = tags.get(nameTag);
    if (name !== undefined) requireRunName(name);
    const folders = [join(run.path, "metrics")];
    if (modelId !== undefined) folders.push(join(requireModelFolder(this.#root, modelId).path, "metrics"));
    const byKey = pointsByKey(metrics);
    for (const folder of folders) this.#requireMetricRoom(folder, byKey.keys());
    requireWritable(run, params, tags);
    await writeParams(run, params);
    for (const [index, folder] of folders.entries()) {
      // Of a model's metric each line names the run.
      const suffix = index === 0 ? "" : ` ${id}`;
      for (const [key, points] of byKey) await this.#metricLog.append(join(folder, key), points, run.path, suffix);
    }
    await writeTags(run, tags);
    if (name !== undefined) await this.#changeMeta(id, (meta) => ({ ...meta, name }));
  }

  async deleteTag(id: string, key: string): Promise<void> {
    requireRunKey("tag", key);
    const run = requireActiveRun(this.#place, id);
    const folder = join(run.path, "tags");
    const path = join(folder, key);
    if (kindOf(folder) !== "folder" || !isBelow(folder, key) || kindOf(path) !== "file") return;
    await rm(path, { force: true }).catch((error: unknown) => {
      throw writeFailure(path, error);
    });
    removeEmptyParents(path, folder);
  }

  async metricHistory(id: string, key: string): Promise<readonly MetricPoint[]> {
    const bytes = requireRun(this.#place, id).metricBytes(key);
    return bytes ? parseMetricFile(key, bytes) : [];
  }

  async logInputs(id: string, inputs: readonly DatasetInput[]): Promise<void> {
    requireInputs(inputs);
    await addInputs(requireActiveRun(this.#place, id).path, id, inputs);
  }

  async deleteRun(id: string): Promise<void> {
    await this.#changeMeta(id, (meta) => ({ ...meta, lifecycle: "deleted", deletedMs: meta.deletedMs ?? Date.now() }));
  }

  async restoreRun(id: string): Promise<void> {
    await this.#changeMeta(id, (meta) => ({ ...meta, lifecycle: "active", deletedMs: undefined }));
  }

  async listArtifacts(owner: ArtifactOwner, folder = ""): Promise<readonly ArtifactEntry[]> {
    return listFolder(this.#ownerFolder(owner), folder);
  }

  async *readArtifact(owner: ArtifactOwner, path: string): AsyncGenerator<Uint8Array> {
    yield* readFrom(this.#ownerFolder(owner), path);
  }

  async writeArtifact(owner: ArtifactOwner, path: string, content: ArtifactContent): Promise<void> {
    await writeTo(this.#ownerFolder(owner), path, content);
  }

  async createModel(model: NewLoggedModel): Promise<LoggedModel> {
    requireNewModel(model);
    const run = model.runId === undefined ? undefined : requireActiveRun(this.#place, model.runId);
    const path = await makeModel(requireActiveExperiment(this.#place, model.experimentId).path, model);
    const made = readModel(path);
    if (run !== undefined) await addOutput(run.path, made.id, 0);
    return made;
  }

  async finishModel(id: string, status: "READY" | "FAILED"): Promise<void> {
    await writeModelStatus(requireModelFolder(this.#root, id).path, status);
  }

  async getModel(id: string): Promise<LoggedModel> {
    return readModel(requireModelFolder(this.#root, id).path);
  }

  async close(): Promise<void> {
    this.#lastSearch = undefined;
  }

  #ownerFolder(owner: ArtifactOwner): string {
    return "runId" in owner
      ? requireRun(this.#place, owner.runId).path
      : requireModelFolder(this.#root, owner.modelId).path;
  }

  #requireMetricRoom(folder: string, keys: Iterable<string>): void {
    const known = this.#metricKeys.get(folder) ?? new Set();
    this.#metricKeys.set(folder, known);
    const fresh = new Set([...keys].filter((key) => !known.has(key)));
    requireRoom("metric", folder, fresh);
    for (const key of fresh) known.add(key);
  }

  /** Reads, changes and writes in one turn, so that no change of this process is lost. */
  async #changeMeta(id: string, change: (meta: RunMeta) => RunMeta): Promise<void> {
    const work = this.#changes.then(async () => {
      const run = requireRun(this.#place, id);
      const text = formatRunMeta(change(run.meta));
      await writeFileAtomic(join(run.path, metaName), text, { force: true });
    });
    this.#changes = work.catch(() => undefined);
    await work;
  }
}

function pointsByKey(points: readonly MetricPoint[]): Map<string, MetricPoint[]> {
  const byKey = new Map<string, MetricPoint[]>();
  for (const point of points) {
    const known = byKey.get(point.key);
    if (known === undefined) byKey.set(point.key, [point]);
    else known.push(point);
  }
  return byKey;
}
