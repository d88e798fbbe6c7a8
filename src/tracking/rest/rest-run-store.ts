/** Runs on an MLflow server, over its REST interface. */
import { describeValue } from "../../base/describe-value.ts";
import { AppError, isAppError } from "../../base/errors.ts";
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
  isStoreId,
  requireArtifactPath,
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
import type { ServerAccess } from "../tracking-access.ts";
import { type BatchPart, partsOf } from "./batches.ts";
import { type MlflowClient, type MlflowClientOptions, openMlflowClient } from "./mlflow-client.ts";
import { RestArtifacts } from "./rest-artifacts.ts";
import { isAmbiguous, type MlflowRefusal } from "./server-failure.ts";
import {
  answers,
  experimentOf,
  modelOf,
  modelStatusNames,
  pairsOf,
  pointOf,
  runOf,
  sentPoint,
  viewTypes,
} from "./wire-format.ts";

/** Sends nothing yet. Errors: FILE_NOT_FOUND, FILE_READ_FAILED, TRACKING_REFUSED (files of certificates, token). */
export async function openRestRunStore(access: ServerAccess, options: MlflowClientOptions = {}): Promise<RunStore> {
  return new RestRunStore(await openMlflowClient(access, options));
}

/** By this tag a run is found that was recorded under another id than the server's. */
const originTag = "pawprint.run_id";

class RestRunStore implements RunStore {
  readonly location: string;
  readonly givesRunIds = true;
  readonly #client: MlflowClient;
  readonly #artifacts: RestArtifacts;
  /** Where artifacts are, by their owner's id. */
  readonly #artifactUris = new Map<string, string>();
  #keepsRepeats: Promise<boolean> | undefined;

  constructor(client: MlflowClient) {
    this.location = client.location;
    this.#client = client;
    this.#artifacts = new RestArtifacts(client);
  }

  async findExperiment(name: string): Promise<Experiment | undefined> {
    requireExperimentName(name);
    try {
      const { experiment } = await this.#client.call(answers.experiment, {
        method: "GET",
        path: "experiments/get-by-name",
        query: { experiment_name: name },
        refusal: (refusal) => (isMissing(refusal) ? this.#noExperiment(name) : undefined),
      });
      return experimentOf(experiment);
    } catch (error) {
      if (isAppError(error, "EXPERIMENT_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async ensureExperiment(name: string): Promise<Experiment> {
    const found = (await this.findExperiment(name)) ?? (await this.#createExperiment(name));
    if (found.lifecycle === "active") return found;
    throw new AppError("EXPERIMENT_DELETED", {
      required: "an active experiment",
      received: `${describeValue(name)}, which was deleted`,
      where: this.location,
    });
  }

  async listExperiments(lifecycle: Lifecycle | "all" = "active"): Promise<readonly Experiment[]> {
    const all: Experiment[] = [];
    for (let pageToken: string | undefined; ; ) {
      const page = await this.#client.call(answers.experiments, {
        method: "POST",
        path: "experiments/search",
        body: { view_type: viewTypes[lifecycle], max_results: 1000, page_token: pageToken },
        isRepeatable: true,
      });
      all.push(...(page.experiments ?? []).map(experimentOf));
      pageToken = nextPage(page.next_page_token, pageToken, this.location);
      if (pageToken === undefined) return all;
    }
  }

  async createRun(run: NewRun): Promise<Run> {
    requireNewRun(run);
    if (run.id !== undefined) {
      throw new AppError("TRACKING_VALUE_INVALID", {
        required: "a run whose id the tracking server gives",
        received: describeValue(run.id),
        where: this.location,
      });
    }
    if (!isStoreId(run.experimentId)) throw this.#noExperiment(run.experimentId);
    const { run: made } = await this.#client.call(answers.run, {
      method: "POST",
      path: "runs/create",
      body: {
        experiment_id: run.experimentId,
        user_id: run.tags?.get("mlflow.user") ?? "",
        run_name: run.name,
        start_time: run.startedMs,
        tags: pairsOf(new Map([...(run.tags ?? []), ["mlflow.runName", run.name]])),
      },
      refusal: (refusal) => this.#experimentRefusal(refusal, run.experimentId),
    });
    return runOf(made);
  }

  async getRun(id: string): Promise<Run> {
    try {
      return await this.#runNamed(id);
    } catch (error) {
      const found = isAppError(error, "RUN_NOT_FOUND") && isStoreId(id) ? await this.#runFrom(id) : undefined;
      if (found !== undefined) return found;
      throw error;
    }
  }

  async updateRun(id: string, change: { status?: RunStatus; endedMs?: number; name?: string }): Promise<void> {
    const { status, endedMs, name } = change;
    if (name !== undefined) requireRunName(name);
    if (endedMs !== undefined) requireTimeOfRun(endedMs);
    await this.#post("runs/update", id, { status, end_time: endedMs, run_name: name });
  }

  async searchRuns(query: RunQuery): Promise<RunPage> {
    const { filter, orderBy, lifecycle = "active", limit = 1000, pageToken } = query;
    if (!Number.isInteger(limit) || limit < 1 || limit > mostRunsOfPage) {
      throw new AppError("TRACKING_VALUE_INVALID", {
        required: `a page of 1 to ${mostRunsOfPage} runs`,
        received: describeValue(limit),
      });
    }
    const experimentIds = query.experimentIds ?? (await this.listExperiments()).map(({ id }) => id);
    if (experimentIds.length === 0) return { runs: [], faults: [] };
    const { runs = [], next_page_token } = await this.#client.call(answers.runs, {
      method: "POST",
      path: "runs/search",
      body: {
        experiment_ids: experimentIds,
        filter: filter ?? "",
        run_view_type: viewTypes[lifecycle],
        max_results: limit,
        order_by: orderBy ?? [],
        page_token: pageToken,
      },
      isRepeatable: true,
      refusal: ({ errorCode, message, where }) =>
        errorCode === "INVALID_PARAMETER_VALUE"
          ? new AppError("FILTER_INVALID", {
              required: "a filter and an order in MLflow's search language",
              received: `the answer of the server: ${message}`,
              where,
            })
          : undefined,
    });
    return {
      runs: await Promise.all(runs.map(runOf)),
      faults: [],
      ...(next_page_token !== undefined && next_page_token !== "" && { nextPageToken: next_page_token }),
    };
  }

  async logBatch(id: string, batch: RunBatch): Promise<void> {
    requireBatch(batch);
    const { metrics = [], modelId } = batch;
    const keepsRepeats = metrics.length > 0 && (await this.#storeKeepsRepeats());
    for (const part of partsOf(batch)) {
      if (keepsRepeats && part.metrics.length > 0) await this.#sendOnce(id, part, modelId);
      else await this.#send(id, part, modelId, true);
    }
  }

  async deleteTag(id: string, key: string): Promise<void> {
    requireRunKey("tag", key);
    try {
      await this.#post("runs/delete-tag", id, { key }, ({ message }) =>
        message.startsWith("No tag with name")
          ? new AppError("TRACKING_VALUE_INVALID", { required: "a tag that is there" })
          : undefined,
      );
    } catch (error) {
      if (!isAppError(error, "TRACKING_VALUE_INVALID")) throw error;
    }
  }

  async metricHistory(id: string, key: string): Promise<readonly MetricPoint[]> {
    const points: MetricPoint[] = [];
    if (!isStoreId(id)) throw this.#noRun(id);
    for (let pageToken: string | undefined; ; ) {
      const page = await this.#client.call(answers.history, {
        method: "GET",
        path: "metrics/get-history",
        query: { run_id: id, metric_key: key, max_results: 25_000, page_token: pageToken },
        refusal: (refusal) => this.#runRefusal(refusal, id),
      });
      for (const metric of page.metrics ?? []) points.push(pointOf(metric));
      pageToken = nextPage(page.next_page_token, pageToken, this.location);
      if (pageToken === undefined) break;
    }
    // The server has an empty history of runs that are not there, too.
    if (points.length === 0) await this.#runNamed(id);
    return points;
  }

  async logInputs(id: string, inputs: readonly DatasetInput[]): Promise<void> {
    requireInputs(inputs);
    const datasets = inputs.map(({ name, digest, sourceType, source, schema, profile, tags }) => ({
      tags: pairsOf(tags),
      dataset: { name, digest, source_type: sourceType, source, schema, profile },
    }));
    await this.#post("runs/log-inputs", id, { datasets });
  }

  async deleteRun(id: string): Promise<void> {
    await this.#changeLifecycle("runs/delete", id, "deleted");
  }

  async restoreRun(id: string): Promise<void> {
    await this.#changeLifecycle("runs/restore", id, "active");
  }

  async listArtifacts(owner: ArtifactOwner, folder = ""): Promise<readonly ArtifactEntry[]> {
    requireArtifactPath(folder, "folder");
    const entries: ArtifactEntry[] = [];
    const path = folder === "" ? undefined : folder;
    for (let pageToken: string | undefined; ; ) {
      const page = await this.#client.call(answers.files, {
        method: "GET",
        ...("runId" in owner
          ? { path: "artifacts/list", query: { run_id: this.#requireRunId(owner.runId), path, page_token: pageToken } }
          : {
              path: `logged-models/${this.#requireModelId(owner.modelId)}/artifacts/directories`,
              query: { artifact_directory_path: path, page_token: pageToken },
            }),
        refusal: (refusal) => this.#ownerRefusal(refusal, owner),
      });
      for (const { path: found, is_dir: isFolder = false, file_size: size } of page.files ?? []) {
        requireArtifactPath(found);
        if (found === folder) continue; // a file was asked for
        entries.push({ path: found, isFolder, ...(!isFolder && { sizeBytes: Number(size ?? 0) }) });
      }
      pageToken = nextPage(page.next_page_token, pageToken, this.location);
      if (pageToken === undefined) break;
    }
    return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async *readArtifact(owner: ArtifactOwner, path: string): AsyncGenerator<Uint8Array, void, undefined> {
    requireArtifactPath(path);
    yield* this.#artifacts.read(await this.#artifactUri(owner), path);
  }

  async writeArtifact(owner: ArtifactOwner, path: string, content: ArtifactContent): Promise<void> {
    requireArtifactPath(path, "new");
    await this.#artifacts.write(await this.#artifactUri(owner), path, content);
  }

  async createModel(model: NewLoggedModel): Promise<LoggedModel> {
    requireNewModel(model);
    const { experimentId, name, runId, tags, params } = model;
    if (runId !== undefined) await this.#requireActiveRun(runId);
    const allParams = pairsOf(params);
    const { model: made } = await this.#client.call(answers.model, {
      method: "POST",
      path: "logged-models",
      body: {
        experiment_id: experimentId,
        name,
        source_run_id: runId,
        tags: pairsOf(tags),
        params: allParams.slice(0, paramsOfRequest),
      },
      refusal: (refusal) => unsupportedModels(refusal) ?? this.#experimentRefusal(refusal, experimentId),
    });
    const { id } = modelOf(made);
    for (let at = paramsOfRequest; at < allParams.length; at += paramsOfRequest) {
      await this.#client.call(answers.nothing, {
        method: "POST",
        path: `logged-models/${this.#requireModelId(id)}/params`,
        body: { params: allParams.slice(at, at + paramsOfRequest) },
        isRepeatable: true,
      });
    }
    if (runId !== undefined) await this.#addOutput(runId, id);
    return allParams.length > paramsOfRequest ? this.getModel(id) : modelOf(made);
  }

  async finishModel(id: string, status: "READY" | "FAILED"): Promise<void> {
    await this.#client.call(answers.nothing, {
      method: "PATCH",
      path: `logged-models/${this.#requireModelId(id)}`,
      body: { model_id: id, status: modelStatusNames[status] },
      isRepeatable: true,
      refusal: (refusal) => this.#ownerRefusal(refusal, { modelId: id }),
    });
  }

  async getModel(id: string): Promise<LoggedModel> {
    const { model } = await this.#client.call(answers.model, {
      method: "GET",
      path: `logged-models/${this.#requireModelId(id)}`,
      refusal: (refusal) => this.#ownerRefusal(refusal, { modelId: id }),
    });
    return modelOf(model);
  }

  async close(): Promise<void> {
    await this.#artifacts.close();
    this.#client.close();
  }

  /** One that another process makes at the same time is found. */
  async #createExperiment(name: string): Promise<Experiment> {
    try {
      const { experiment_id: id } = await this.#client.call(answers.experimentId, {
        method: "POST",
        path: "experiments/create",
        body: { name },
        // Made twice, the second is refused, and the first is found.
        isRepeatable: true,
        refusal: ({ errorCode }) =>
          errorCode === "RESOURCE_ALREADY_EXISTS"
            ? new AppError("EXPERIMENT_DELETED", { required: "a new experiment" })
            : undefined,
      });
      const { experiment } = await this.#client.call(answers.experiment, {
        method: "GET",
        path: "experiments/get",
        query: { experiment_id: id },
      });
      return experimentOf(experiment);
    } catch (error) {
      const found = isAppError(error, "EXPERIMENT_DELETED") ? await this.findExperiment(name) : undefined;
      if (found !== undefined) return found;
      throw error;
    }
  }

  async #runNamed(id: string): Promise<Run> {
    const { run } = await this.#client.call(answers.run, {
      method: "GET",
      path: "runs/get",
      query: { run_id: this.#requireRunId(id) },
      refusal: (refusal) => this.#runRefusal(refusal, id),
    });
    return runOf(run);
  }

  /** The run that was recorded under this id before it came here. */
  async #runFrom(id: string): Promise<Run | undefined> {
    const experimentIds = (await this.listExperiments("all")).map((experiment) => experiment.id);
    const page = await this.searchRuns({
      experimentIds,
      filter: `tags.\`${originTag}\` = '${id}'`,
      lifecycle: "all",
      limit: 1,
    });
    return page.runs[0];
  }

  async #requireActiveRun(id: string): Promise<void> {
    if ((await this.#runNamed(id)).lifecycle !== "active") throw this.#deletedRun(id);
  }

  /** A change of a run that does no harm twice. */
  async #post(
    path: string,
    id: string,
    body: Readonly<Record<string, unknown>>,
    refusal?: (refusal: MlflowRefusal) => AppError | undefined,
  ): Promise<void> {
    await this.#client.call(answers.nothing, {
      method: "POST",
      path,
      body: { run_id: this.#requireRunId(id), ...body },
      isRepeatable: true,
      refusal: (told) => refusal?.(told) ?? this.#runRefusal(told, id),
    });
  }

  /** Some stores refuse what is done already. */
  async #changeLifecycle(path: string, id: string, lifecycle: Lifecycle): Promise<void> {
    try {
      await this.#post(path, id, {});
    } catch (error) {
      if (!isAppError(error)) throw error;
      const isDone = await this.#runNamed(id).then(
        (run) => run.lifecycle === lifecycle,
        () => false,
      );
      if (!isDone) throw error;
    }
  }

  /** Whether the server keeps a point as often as it is sent, as it does over MLflow's folders. */
  #storeKeepsRepeats(): Promise<boolean> {
    this.#keepsRepeats ??= this.#client
      .call(answers.serverInfo, { method: "GET", path: "/api/3.0/mlflow/server-info" })
      .then(
        (info) => info.store_type !== "SqlStore",
        (error: unknown) => {
          // Servers of before do not tell.
          if (isAppError(error, "TRACKING_ANSWER_INVALID")) return true;
          this.#keepsRepeats = undefined;
          throw error;
        },
      );
    return this.#keepsRepeats;
  }

  /** Sends the points that the server lacks, as often as it is unknown what became of them. */
  async #sendOnce(id: string, part: BatchPart, modelId: string | undefined): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const metrics = await this.#lacking(id, part.metrics);
      if (metrics.length + part.params.length + part.tags.length === 0) return;
      try {
        return await this.#send(id, { ...part, metrics }, modelId, false);
      } catch (error) {
        if (!isAmbiguous(error) || attempt >= mostSends) throw error;
      }
    }
  }

  async #lacking(id: string, points: readonly MetricPoint[]): Promise<MetricPoint[]> {
    const known = new Set<string>();
    for (const key of new Set(points.map((point) => point.key))) {
      for (const point of await this.metricHistory(id, key)) known.add(identityOf(point));
    }
    return points.filter((point) => {
      const isNew = !known.has(identityOf(point));
      known.add(identityOf(point));
      return isNew;
    });
  }

  async #send(id: string, part: BatchPart, modelId: string | undefined, isRepeatable: boolean): Promise<void> {
    const { metrics, params, tags } = part;
    try {
      await this.#client.call(answers.nothing, {
        method: "POST",
        path: "runs/log-batch",
        body: {
          run_id: this.#requireRunId(id),
          ...(metrics.length > 0 && { metrics: metrics.map((point) => sentPoint(point, modelId)) }),
          ...(params.length > 0 && { params: params.map(([key, value]) => ({ key, value })) }),
          ...(tags.length > 0 && { tags: tags.map(([key, value]) => ({ key, value })) }),
        },
        isRepeatable,
        refusal: (refusal) =>
          /Changing param value/i.test(refusal.message)
            ? new AppError("PARAM_CHANGED", { required: "the value that is there", received: refusal.message })
            : this.#runRefusal(refusal, id),
      });
    } catch (error) {
      if (!isAppError(error, "PARAM_CHANGED")) throw error;
      throw await this.#paramChanged(id, params, error);
    }
  }

  /** Names the first parameter that has another value. */
  async #paramChanged(id: string, params: BatchPart["params"], told: AppError): Promise<AppError> {
    const there = (await this.#runNamed(id)).params;
    for (const [key, value] of params) {
      const first = there.get(key);
      if (first === undefined || first === value) continue;
      return new AppError("PARAM_CHANGED", {
        required: `the value that is there, ${describeValue(first)}, for the parameter ${key}`,
        received: describeValue(value),
        where: `run ${id}`,
        hint: "start a new run for other settings",
      });
    }
    return told;
  }

  async #addOutput(runId: string, modelId: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#client.call(answers.nothing, {
          method: "POST",
          path: "runs/outputs",
          body: { run_id: runId, models: [{ model_id: modelId, step: 0 }] },
          refusal: (refusal) => this.#runRefusal(refusal, runId),
        });
        return;
      } catch (error) {
        if (!isAmbiguous(error) || attempt >= mostSends) throw error;
        if ((await this.#runNamed(runId)).modelIds.includes(modelId)) return;
      }
    }
  }

  async #artifactUri(owner: ArtifactOwner): Promise<string> {
    const id = "runId" in owner ? owner.runId : owner.modelId;
    const known = this.#artifactUris.get(id);
    if (known !== undefined) return known;
    const { artifactUri } = "runId" in owner ? await this.#runNamed(id) : await this.getModel(id);
    this.#artifactUris.set(id, artifactUri);
    return artifactUri;
  }

  #requireRunId(id: string): string {
    if (isStoreId(id)) return id;
    throw this.#noRun(id);
  }

  #requireModelId(id: string): string {
    if (isStoreId(id)) return id;
    throw this.#noModel(id);
  }

  #runRefusal(refusal: MlflowRefusal, id: string): AppError | undefined {
    if (isMissing(refusal)) return this.#noRun(id);
    return isDeleted(refusal) ? this.#deletedRun(id) : undefined;
  }

  #experimentRefusal(refusal: MlflowRefusal, id: string): AppError | undefined {
    if (isMissing(refusal)) return this.#noExperiment(id);
    if (!isDeleted(refusal)) return undefined;
    return new AppError("EXPERIMENT_DELETED", {
      required: "an active experiment",
      received: `the experiment ${id}, which was deleted`,
      where: this.location,
    });
  }

  #ownerRefusal(refusal: MlflowRefusal, owner: ArtifactOwner): AppError | undefined {
    if ("runId" in owner) return this.#runRefusal(refusal, owner.runId);
    return unsupportedModels(refusal) ?? (isMissing(refusal) ? this.#noModel(owner.modelId) : undefined);
  }

  #noRun(id: string): AppError {
    return new AppError("RUN_NOT_FOUND", {
      required: "a run of this id",
      received: isStoreId(id) ? "none" : describeValue(id),
      where: `${this.location} ${id.slice(0, 64)}`,
    });
  }

  #deletedRun(id: string): AppError {
    return new AppError("RUN_NOT_FOUND", {
      required: "an active run of this id",
      received: "one that was deleted",
      where: `${this.location} ${id}`,
      hint: "restore the run first",
    });
  }

  #noExperiment(given: string): AppError {
    return new AppError("EXPERIMENT_NOT_FOUND", {
      required: "an experiment of this name or id",
      received: describeValue(given),
      where: this.location,
    });
  }

  #noModel(id: string): AppError {
    return new AppError("LOGGED_MODEL_NOT_FOUND", {
      required: "a logged model of this id",
      received: isStoreId(id) ? "none" : describeValue(id),
      where: `${this.location} ${id.slice(0, 64)}`,
    });
  }
}

const mostRunsOfPage = 50_000;
const paramsOfRequest = 100;
const mostSends = 5;

function isMissing({ errorCode }: MlflowRefusal): boolean {
  return errorCode === "RESOURCE_DOES_NOT_EXIST";
}

function isDeleted({ message }: MlflowRefusal): boolean {
  return message.includes("must be in the 'active' state");
}

/** The route is not there: a server before MLflow 3. */
function unsupportedModels({ errorCode, status, where }: MlflowRefusal): AppError | undefined {
  if (errorCode !== undefined || (status !== 404 && status !== 405)) return undefined;
  return new AppError("TRACKING_UNSUPPORTED", {
    required: "a tracking server with logged models (MLflow 3)",
    received: "one without",
    where,
    hint: "update the server, or keep the model as an artifact of its run",
  });
}

function identityOf({ key, value, timestampMs, step }: MetricPoint): string {
  return `${timestampMs} ${step} ${value} ${key}`;
}

/** Undefined after the last page. A token that leads to its own page would be read for ever. */
function nextPage(token: string | undefined, before: string | undefined, where: string): string | undefined {
  if (token === undefined || token === "") return undefined;
  if (token !== before) return token;
  throw new AppError("TRACKING_ANSWER_INVALID", {
    required: "an answer of MLflow's interface",
    received: "a page that names itself as the next one",
    where,
  });
}
