/** Logs a bundle as an MLflow model of a run. */
import { randomUUID } from "node:crypto";
import { parse } from "yaml";
import { parseBoundedJson } from "../../base/bounded-json.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { readBytes } from "../../base/files/read-file.ts";
import { sha256 } from "../../base/hash.ts";
import type { ArtifactOwner, LoggedModel, Run } from "../../tracking/run.ts";
import type { RunStore } from "../../tracking/run-store.ts";
import type { BundleFile } from "../bundle-file.ts";
import { bundleFileName, modelFileName, modelFiles } from "./model-files.ts";
import { modelTags } from "./model-tags.ts";

/** What logging needs of a store. */
export type ModelStore = Pick<
  RunStore,
  "getRun" | "createModel" | "getModel" | "finishModel" | "writeArtifact" | "logBatch"
>;

/** The name of the logged model, and of its folder below a run. */
const modelName = "model";

/** Run tags: MLflow 2's list of logged models; of the bundle that is under `model/`. */
const historyTag = "mlflow.log-model.history";
const artifactTag = "pawprint.model_sha256";

/** MLflow cuts longer tags. */
const mostTagCharacters = 8000;

/**
 * Logs a bundle as MLflow model `model` of a run, and answers the logged model; `undefined` where
 * the server has none (before MLflow 3): the files are then artifacts of the run, under `model/`.
 * A bundle (by its SHA-256) that the run has already logged is not logged again; one whose logging
 * was interrupted is finished.
 * Errors: those of `RunStore`; FILE_NOT_FOUND, FILE_READ_FAILED where the bundle's file is not as
 * `bundle` says.
 */
export async function logBundle(
  store: ModelStore,
  { id: runId }: Pick<Run, "id">,
  bundle: BundleFile,
  { createdMs = Date.now() }: { readonly createdMs?: number } = {},
): Promise<LoggedModel | undefined> {
  const run = await store.getRun(runId);
  const logged = await findLogged(store, run, bundle.sha256);
  if (logged?.status === "READY") return logged;
  if (run.tags.get(artifactTag) === bundle.sha256) return undefined;
  const bytes = await bundleBytes(bundle);
  const model = logged ?? (await createModel(store, run, bundle));
  if (!model) {
    await logAsArtifacts(store, run, bundle, bytes, createdMs);
    return undefined;
  }
  const { id, artifactUri: artifactPath } = model;
  try {
    const files = modelFiles(bundle, { uuid: id, modelId: id, runId, artifactPath, createdMs: model.createdMs });
    await writeFiles(store, { modelId: id }, "", bytes, files);
    await store.finishModel(id, "READY");
  } catch (error) {
    // The first error says more than that this could not be told either.
    await store.finishModel(id, "FAILED").catch(() => undefined);
    throw error;
  }
  return store.getModel(id);
}

/** The run's model of this bundle that is ready, or was left unfinished. */
async function findLogged(store: ModelStore, run: Run, hash: string): Promise<LoggedModel | undefined> {
  for (const id of run.modelIds.toReversed()) {
    const model = await store.getModel(id).catch((error: unknown) => {
      if (isAppError(error, "LOGGED_MODEL_NOT_FOUND")) return undefined;
      throw error;
    });
    if (model && model.status !== "FAILED" && model.tags.get(modelTags.sha256) === hash) return model;
  }
  return undefined;
}

async function createModel(store: ModelStore, run: Run, bundle: BundleFile): Promise<LoggedModel | undefined> {
  const tags = new Map<string, string>([[modelTags.sha256, bundle.sha256]]);
  if (bundle.info.digest !== undefined) tags.set(modelTags.digest, bundle.info.digest);
  const { id: runId, experimentId, params } = run;
  return store.createModel({ experimentId, runId, name: modelName, tags, params }).catch((error: unknown) => {
    if (isAppError(error, "TRACKING_UNSUPPORTED")) return undefined;
    throw error;
  });
}

async function bundleBytes({ path, sha256: hash }: BundleFile): Promise<Uint8Array> {
  const bytes = await readBytes(path);
  if (sha256(bytes) === hash) return bytes;
  throw new AppError("FILE_READ_FAILED", {
    required: "the bundle that was to be logged",
    received: "a file that was changed since",
    where: path,
    hint: "let one training at a time write to one path",
  });
}

/** `MLmodel` comes last: a folder that has it is whole. */
async function writeFiles(
  store: ModelStore,
  owner: ArtifactOwner,
  folder: string,
  bundle: Uint8Array,
  texts: ReadonlyMap<string, string>,
): Promise<void> {
  await store.writeArtifact(owner, `${folder}${bundleFileName}`, bundle);
  for (const [name, text] of texts) await store.writeArtifact(owner, `${folder}${name}`, Buffer.from(text));
}

async function logAsArtifacts(
  store: ModelStore,
  run: Run,
  bundle: BundleFile,
  bytes: Uint8Array,
  createdMs: number,
): Promise<void> {
  const uuid = randomUUID().replaceAll("-", "");
  const files = modelFiles(bundle, { uuid, runId: run.id, artifactPath: modelName, createdMs });
  await writeFiles(store, { runId: run.id }, `${modelName}/`, bytes, files);
  const history = extendedHistory(run.tags.get(historyTag), historyEntry(files.get(modelFileName)!));
  const tags = new Map([
    [historyTag, history],
    [artifactTag, bundle.sha256],
  ]);
  await store.logBatch(run.id, { tags });
}

/** The parts of an `MLmodel` that MLflow 2 lists in the run's tag. */
const listedKeys = ["artifact_path", "flavors", "model_uuid", "run_id", "utc_time_created"];

function historyEntry(mlmodel: string): unknown {
  const model: Readonly<Record<string, unknown>> = parse(mlmodel); // our own text
  return Object.fromEntries(listedKeys.map((key) => [key, model[key]]));
}

/** MLflow 2's list with one more entry; without the oldest where it would be too long for a tag. */
function extendedHistory(given: string | undefined, entry: unknown): string {
  const entries = [...listIn(given), entry];
  while (entries.length > 1 && JSON.stringify(entries).length > mostTagCharacters) entries.shift();
  return JSON.stringify(entries);
}

function listIn(text = "[]"): readonly unknown[] {
  try {
    const value = parseBoundedJson(text);
    return Array.isArray(value) ? value : [];
  } catch {
    // Cut, or of another program: the list begins anew.
    return [];
  }
}
