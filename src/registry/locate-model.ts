/** Finds the files that an address names, and what the registry knows of them. */
import { AppError } from "../base/errors.ts";
import type { ModelFiles } from "../bundle/mlflow-model/read-model.ts";
import { findRun } from "../tracking/find-run.ts";
import type { ArtifactOwner, LoggedModel } from "../tracking/run.ts";
import type { RunStore } from "../tracking/run-store.ts";
import { formatModelAddress, type ModelAddress } from "./model-address.ts";
import type { ModelRegistry, ModelVersion, NewModelVersion } from "./model-registry.ts";
import { modelNotRegistered, versionNotFound } from "./registry-names.ts";
import { listFilesAt, presentPlace, readFileAt } from "./version-files.ts";

/** Opened when they are first asked for: a version needs no runs, a run no registry. */
export interface ModelStores {
  registry(): Promise<ModelRegistry>;
  runs(): Promise<RunStore>;
}

/** What a version of the model is made from. */
export type ModelOrigin = Pick<NewModelVersion, "source" | "runId" | "modelId">;

export interface LocatedModel {
  readonly files: ModelFiles;
  readonly origin: ModelOrigin;
  /** Where the address is of a registered model. */
  readonly version?: ModelVersion;
}

/**
 * Errors: MODEL_NOT_REGISTERED, MODEL_VERSION_NOT_FOUND, RUN_NOT_FOUND, LOGGED_MODEL_NOT_FOUND,
 * and those of `RunStore`.
 */
export async function locateModel(address: ModelAddress, stores: ModelStores): Promise<LocatedModel> {
  if (address.kind === "run") return modelOfRun(address, await stores.runs());
  if (address.kind === "logged") {
    const store = await stores.runs();
    return loggedModel(store, await store.getModel(address.modelId), formatModelAddress(address));
  }
  const registry = await stores.registry();
  const version = await findVersion(address, registry);
  const files: ModelFiles = {
    where: `models:/${version.name}/${version.version}`,
    list: () => registry.listFiles(version),
    read: (path) => registry.readFile(version, path),
  };
  const { source, runId, modelId } = version;
  const origin = { source, ...(runId !== undefined && { runId }), ...(modelId !== undefined && { modelId }) };
  return { files, origin, version };
}

export type RegisteredAddress = Extract<ModelAddress, { readonly kind: "alias" | "version" | "latest" }>;

/** The version that an address means just now. Errors: MODEL_NOT_REGISTERED, MODEL_VERSION_NOT_FOUND. */
export async function findVersion(address: RegisteredAddress, registry: ModelRegistry): Promise<ModelVersion> {
  const { name } = address;
  if (address.kind === "version") return registry.getVersion(name, address.version);
  if (address.kind === "latest") {
    const [newest] = await registry.listVersions(name);
    if (newest === undefined) throw versionNotFound(name, "of any number", registry.location);
    return newest;
  }
  const version = await registry.resolveAlias(name, address.alias);
  if (version !== undefined) return registry.getVersion(name, version);
  throw (await registry.findModel(name)) === undefined
    ? modelNotRegistered(name, registry.location)
    : versionNotFound(name, `with the alias ${address.alias}`, registry.location);
}

/** A folder of the run's artifacts with an MLmodel in it, or else a logged model of this name, the newest one. */
async function modelOfRun(
  address: Extract<ModelAddress, { readonly kind: "run" }>,
  store: RunStore,
): Promise<LocatedModel> {
  const { runId, path } = address;
  const where = formatModelAddress(address);
  const run = await findRun(store, runId);
  const place = await presentPlace(store, { owner: { runId: run.id }, folder: path });
  if ("modelId" in place.owner) return loggedModel(store, await store.getModel(place.owner.modelId), where);
  const files = filesAt(store, place.owner, path, where);
  const origin = { source: `runs:/${run.id}/${path}`, runId: run.id };
  if ((await files.list()).length > 0) return { files, origin };
  throw new AppError("LOGGED_MODEL_NOT_FOUND", {
    required: `a logged model '${path}' of the run`,
    received: "none",
    where,
    hint: "look at what the run holds: `pawprint runs show RUN`",
  });
}

function loggedModel(store: RunStore, { id, runId }: LoggedModel, where: string): LocatedModel {
  const origin = { source: `models:/${id}`, modelId: id, ...(runId !== undefined && { runId }) };
  return { files: filesAt(store, { modelId: id }, "", where), origin };
}

function filesAt(store: RunStore, owner: ArtifactOwner, folder: string, where: string): ModelFiles {
  const place = { owner, folder };
  return { where, list: () => listFilesAt(store, place), read: (path) => readFileAt(store, place, path) };
}
