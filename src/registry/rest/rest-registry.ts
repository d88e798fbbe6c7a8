/** Registered models on an MLflow server, over its REST interface. */
import { byCodeUnits } from "../../base/by-code-units.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { type MlflowClient, openMlflowClient } from "../../tracking/rest/mlflow-client.ts";
import { openRestRunStore } from "../../tracking/rest/rest-run-store.ts";
import { isAmbiguous, type MlflowRefusal } from "../../tracking/rest/server-failure.ts";
import type { ArtifactEntry } from "../../tracking/run.ts";
import type { RunStore } from "../../tracking/run-store.ts";
import type { ServerAccess } from "../../tracking/tracking-access.ts";
import type { ModelRegistry, ModelVersion, NewModelVersion, RegisteredModel } from "../model-registry.ts";
import {
  isVersionNumber,
  modelNotRegistered,
  requireAlias,
  requireDescription,
  requireModelName,
  requireNewVersion,
  requireTag,
  versionNotFound,
} from "../registry-names.ts";
import { copiedFrom, listFilesAt, placeOf, readFileAt, type SourcePlace, sourceUnknown } from "../version-files.ts";
import { ModelAnswer, ModelPage, modelOf, Nothing, VersionAnswer, VersionPage, versionOf } from "./registry-answers.ts";

export async function openRestRegistry(access: ServerAccess): Promise<ModelRegistry> {
  const ending = new AbortController();
  return new RestRegistry(access, await openMlflowClient(access, { signal: ending.signal }), ending);
}

/** Pages of a search, at most; a server that always has a next one is left there. */
const mostPages = 1000;
const pageSize = 1000;

class RestRegistry implements ModelRegistry {
  readonly location: string;
  readonly #access: ServerAccess;
  readonly #client: MlflowClient;
  readonly #ending: AbortController;
  #runs: Promise<RunStore> | undefined;

  constructor(access: ServerAccess, client: MlflowClient, ending: AbortController) {
    this.location = client.location;
    this.#access = access;
    this.#client = client;
    this.#ending = ending;
  }

  async listModels(): Promise<readonly RegisteredModel[]> {
    const models: RegisteredModel[] = [];
    await this.#eachPage(async (page_token) => {
      const query = { max_results: pageSize, page_token };
      const page = await this.#client.call(ModelPage, { method: "GET", path: "registered-models/search", query });
      models.push(...(page.registered_models ?? []).map(modelOf));
      return page.next_page_token;
    });
    return models.sort((left, right) => byCodeUnits(left.name, right.name));
  }

  async findModel(name: string): Promise<RegisteredModel | undefined> {
    requireModelName(name);
    const answer = await this.#orUndefined(
      this.#client.call(ModelAnswer, {
        method: "GET",
        path: "registered-models/get",
        query: { name },
        refusal: this.#missing(name),
      }),
    );
    return answer && modelOf(answer.registered_model);
  }

  async ensureModel(name: string): Promise<{ readonly model: RegisteredModel; readonly created: boolean }> {
    requireModelName(name);
    const there = await this.findModel(name);
    if (there !== undefined) return { model: there, created: false };
    try {
      const answer = await this.#client.call(ModelAnswer, {
        method: "POST",
        path: "registered-models/create",
        body: { name },
        refusal: ({ errorCode }) =>
          errorCode === "RESOURCE_ALREADY_EXISTS"
            ? new AppError("STORE_CONFLICT", { required: "a name that is free", received: "a registered model" })
            : undefined,
      });
      return { model: modelOf(answer.registered_model), created: true };
    } catch (error) {
      // Made by another process, or by this one without an answer.
      if (!isAppError(error, "STORE_CONFLICT") && !isAmbiguous(error)) throw error;
      const model = await this.findModel(name);
      if (model !== undefined) return { model, created: false };
      throw error;
    }
  }

  async describeModel(name: string, description: string): Promise<void> {
    requireDescription(description);
    await this.#change(name, undefined, "PATCH", "registered-models/update", { description });
  }

  async setModelTag(name: string, key: string, value: string): Promise<void> {
    requireTag(key, value);
    await this.#change(name, undefined, "POST", "registered-models/set-tag", { key, value });
  }

  async deleteModelTag(name: string, key: string): Promise<void> {
    requireTag(key);
    await this.#change(name, undefined, "DELETE", "registered-models/delete-tag", { key });
  }

  async listVersions(name: string): Promise<readonly ModelVersion[]> {
    const { aliases } = await this.#requireModel(name);
    const versions: ModelVersion[] = [];
    await this.#eachPage(async (page_token) => {
      const query = { filter: `name=${quoted(name)}`, max_results: pageSize, page_token };
      const page = await this.#client.call(VersionPage, { method: "GET", path: "model-versions/search", query });
      versions.push(...(page.model_versions ?? []).map((entry) => versionOf(entry, aliases)));
      return page.next_page_token;
    });
    return versions
      .filter((version) => version.name === name)
      .sort((left, right) => Number(right.version) - Number(left.version));
  }

  async getVersion(name: string, version: string): Promise<ModelVersion> {
    requireModelName(name);
    if (!isVersionNumber(version)) throw await this.#noSuchVersion(name, version);
    const answer = await this.#orMissing(name, version, {
      method: "GET",
      path: "model-versions/get",
      query: { name, version },
    });
    return versionOf(answer.model_version);
  }

  async createVersion(name: string, version: NewModelVersion): Promise<ModelVersion> {
    requireModelName(name);
    requireNewVersion(version);
    const { source, runId, modelId, description = "", tags = new Map() } = version;
    const before = Number((await this.listVersions(name))[0]?.version ?? 0);
    const body = {
      name,
      source,
      ...(runId !== undefined && { run_id: runId }),
      ...(modelId !== undefined && { model_id: modelId }),
      description,
      tags: [...tags].map(([key, value]) => ({ key, value })),
    };
    try {
      const call = { method: "POST", path: "model-versions/create", body, refusal: this.#missing(name) } as const;
      const answer = await this.#client.call(VersionAnswer, call);
      return versionOf(answer.model_version);
    } catch (error) {
      if (!isAmbiguous(error)) throw error;
      // The server may have made it: one that is newer than all that were there, and is the same.
      const made = (await this.listVersions(name)).find(
        (one) => Number(one.version) > before && isSame(one, { source, description, tags }),
      );
      if (made !== undefined) return made;
      throw error;
    }
  }

  async describeVersion(name: string, version: string, description: string): Promise<void> {
    requireDescription(description);
    await this.#change(name, version, "PATCH", "model-versions/update", { description });
  }

  async setVersionTag(name: string, version: string, key: string, value: string): Promise<void> {
    requireTag(key, value);
    await this.#change(name, version, "POST", "model-versions/set-tag", { key, value });
  }

  async deleteVersionTag(name: string, version: string, key: string): Promise<void> {
    requireTag(key);
    await this.#change(name, version, "DELETE", "model-versions/delete-tag", { key });
  }

  async resolveAlias(name: string, alias: string): Promise<string | undefined> {
    requireModelName(name);
    requireAlias(alias);
    const answer = await this.#orUndefined(
      this.#client.call(VersionAnswer, {
        method: "GET",
        path: "registered-models/alias",
        query: { name, alias },
        // For a missing alias MLflow says INVALID_PARAMETER_VALUE.
        refusal: ({ errorCode }) =>
          errorCode === "INVALID_PARAMETER_VALUE" || errorCode === "RESOURCE_DOES_NOT_EXIST"
            ? versionNotFound(name, `with the alias ${alias}`, this.location)
            : undefined,
      }),
    );
    if (answer !== undefined) return String(answer.model_version.version);
    await this.#requireModel(name);
    return undefined;
  }

  async setAlias(name: string, alias: string, version: string): Promise<void> {
    requireModelName(name);
    requireAlias(alias);
    await this.#change(name, version, "POST", "registered-models/alias", { alias });
  }

  async deleteAlias(name: string, alias: string): Promise<void> {
    requireAlias(alias);
    await this.#change(name, undefined, "DELETE", "registered-models/alias", { alias });
  }

  async listFiles(version: ModelVersion): Promise<readonly ArtifactEntry[]> {
    return listFilesAt(await this.#runStore(), await this.#placeOf(version));
  }

  async *readFile(version: ModelVersion, path: string): AsyncGenerator<Uint8Array> {
    yield* readFileAt(await this.#runStore(), await this.#placeOf(version), path);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#client.close();
    await (await this.#runs?.catch(() => undefined))?.close();
  }

  #runStore(): Promise<RunStore> {
    this.#runs ??= openRestRunStore(this.#access);
    return this.#runs;
  }

  /** Paths of the server's machine are not read here, whatever it says. */
  async #placeOf(given: ModelVersion): Promise<SourcePlace> {
    const version = await copiedFrom(this, given);
    const place = placeOf(version.source);
    if (place === undefined) throw sourceUnknown(version);
    return place;
  }

  async #requireModel(name: string): Promise<RegisteredModel> {
    const model = await this.findModel(name);
    if (model === undefined) throw modelNotRegistered(name, this.location);
    return model;
  }

  /** Of a model, or of a version where one is named; sending it twice does no harm. */
  async #change(
    name: string,
    version: string | undefined,
    method: "POST" | "PATCH" | "DELETE",
    path: string,
    change: Readonly<Record<string, string>>,
  ): Promise<void> {
    requireModelName(name);
    if (version !== undefined && !isVersionNumber(version)) throw await this.#noSuchVersion(name, version);
    const body = { name, ...(version !== undefined && { version }), ...change };
    await this.#client
      .call(Nothing, { method, path, body, isRepeatable: true, refusal: this.#missing(name, version) })
      .catch(async (error: unknown) => {
        throw isAppError(error, "MODEL_VERSION_NOT_FOUND") ? await this.#noSuchVersion(name, version ?? "") : error;
      });
  }

  async #orMissing(
    name: string,
    version: string,
    call: { method: "GET"; path: string; query: Record<string, string> },
  ) {
    return this.#client
      .call(VersionAnswer, { ...call, refusal: this.#missing(name, version) })
      .catch(async (error: unknown) => {
        throw isAppError(error, "MODEL_VERSION_NOT_FOUND") ? await this.#noSuchVersion(name, version) : error;
      });
  }

  #missing(name: string, version?: string): (refusal: MlflowRefusal) => AppError | undefined {
    return ({ errorCode }) => {
      if (errorCode !== "RESOURCE_DOES_NOT_EXIST") return undefined;
      return version === undefined
        ? modelNotRegistered(name, this.location)
        : versionNotFound(name, version, this.location);
    };
  }

  /** For a version of a model that is not there, MLflow says that the version is not. */
  async #noSuchVersion(name: string, version: string): Promise<AppError> {
    await this.#requireModel(name);
    return versionNotFound(name, version, this.location);
  }

  async #orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
    return answer.catch((error: unknown) => {
      if (isAppError(error, "MODEL_NOT_REGISTERED") || isAppError(error, "MODEL_VERSION_NOT_FOUND")) return undefined;
      throw error;
    });
  }

  async #eachPage(read: (token: string | undefined) => Promise<string | null | undefined>): Promise<void> {
    let token: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      token = (await read(token)) || undefined;
      if (token === undefined) return;
    }
  }
}

function isSame(
  made: ModelVersion,
  wanted: Pick<Required<NewModelVersion>, "source" | "description" | "tags">,
): boolean {
  const hasTags = [...wanted.tags].every(([key, value]) => made.tags.get(key) === value);
  return made.source === wanted.source && made.description === wanted.description && hasTags;
}

/** A text of MLflow's filter language, which has no escapes. */
function quoted(name: string): string {
  return name.includes("'") ? `"${name}"` : `'${name}'`;
}
