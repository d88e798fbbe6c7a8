/** The files of a model version: its source, found in the store of runs and logged models. */
import { AppError, isAppError } from "../base/errors.ts";
import type { ArtifactEntry, ArtifactOwner, LoggedModel, Run } from "../tracking/run.ts";
import type { RunStore } from "../tracking/run-store.ts";
import type { ModelRegistry, ModelVersion } from "./model-registry.ts";

/** Where a source lies: whose artifacts, and the folder among them (empty for all of them). */
export interface SourcePlace {
  readonly owner: ArtifactOwner;
  readonly folder: string;
}

/**
 * `models:/m-...`, `runs:/ID/path`, and the places at which MLflow itself puts the files of a run and
 * of a logged model, below whatever root: `.../m-.../artifacts`, `.../RUN/artifacts/path`. Undefined
 * for any other source.
 */
export function placeOf(source: string): SourcePlace | undefined {
  const model = /^models:\/*(m-[0-9a-f]{32})\/?$/.exec(source);
  if (model?.[1] !== undefined) return { owner: { modelId: model[1] }, folder: "" };
  const run = /^runs:\/*([0-9a-zA-Z]{1,256})(?:\/(.*))?$/.exec(source);
  if (run?.[1] !== undefined) return { owner: { runId: run[1] }, folder: trimmed(run[2]) };
  const made = /^(?:.*\/)?(?:(m-[0-9a-f]{32})|([0-9a-f]{32}))\/artifacts(?:\/(.*))?$/.exec(source);
  if (made?.[1] !== undefined) return { owner: { modelId: made[1] }, folder: trimmed(made[3]) };
  if (made?.[2] !== undefined) return { owner: { runId: made[2] }, folder: trimmed(made[3]) };
  return undefined;
}

function trimmed(folder = ""): string {
  return folder.replace(/^\/+|\/+$/g, "");
}

/** Copies of copies that are followed. */
const mostCopies = 8;

/** The version whose files these are: a copy's source is `models:/NAME/VERSION`, as MLflow makes it. */
export async function copiedFrom(registry: ModelRegistry, given: ModelVersion): Promise<ModelVersion> {
  let version = given;
  for (let copies = 0; copies < mostCopies; copies++) {
    const [, name, number] = /^models:\/*([^/]+)\/(\d+)$/.exec(version.source) ?? [];
    if (name === undefined || number === undefined) return version;
    version = await registry.getVersion(name, number);
  }
  throw sourceUnknown(given);
}

/**
 * Where the files are: a source `runs:/ID/model` is a folder of the run's artifacts, or since MLflow 3
 * the run's logged model of that name.
 */
export async function presentPlace(store: RunStore, place: SourcePlace): Promise<SourcePlace> {
  const { owner, folder } = place;
  if (!("runId" in owner) || folder === "") return place;
  const entries = await store.listArtifacts(owner, folder).catch((error: unknown) => {
    if (isAppError(error, "FILE_NOT_FOUND")) return [];
    throw error;
  });
  if (entries.some(({ path }) => path === `${folder}/MLmodel`)) return place;
  const model = await loggedModelOf(store, await store.getRun(owner.runId), folder);
  return model === undefined ? place : { owner: { modelId: model.id }, folder: "" };
}

/** The newest logged model of a run with this name. */
async function loggedModelOf(store: RunStore, run: Run, name: string): Promise<LoggedModel | undefined> {
  for (const id of run.modelIds.toReversed()) {
    const model = await store.getModel(id).catch((error: unknown) => {
      if (isAppError(error, "LOGGED_MODEL_NOT_FOUND")) return undefined; // deleted since
      throw error;
    });
    if (model?.name === name && model.status !== "FAILED") return model;
  }
  return undefined;
}

/** Deeper than any model's folder; a store that lists without end is left there. */
const deepest = 16;
export const mostFiles = 10_000;

/** The files below a place, with paths from it, by path. Errors: those of `listArtifacts`. */
export async function listFilesAt(store: RunStore, place: SourcePlace): Promise<ArtifactEntry[]> {
  const { owner, folder } = await presentPlace(store, place);
  const files: ArtifactEntry[] = [];
  const start = folder === "" ? 0 : folder.length + 1;
  const walk = async (below: string, depth: number): Promise<void> => {
    for (const entry of await store.listArtifacts(owner, below)) {
      if (entry.isFolder && depth < deepest) await walk(entry.path, depth + 1);
      else if (!entry.isFolder) files.push({ ...entry, path: entry.path.slice(start) });
      if (files.length > mostFiles) throw tooMany(folder);
    }
  };
  await walk(folder, 0);
  return files;
}

export function tooMany(folder: string): AppError {
  return new AppError("MODEL_SOURCE_INVALID", {
    required: `a model's folder of at most ${mostFiles} files`,
    received: "more",
    ...(folder !== "" && { where: folder }),
  });
}

/** One file of a place in chunks. Errors: those of `readArtifact`. */
export async function* readFileAt(store: RunStore, place: SourcePlace, path: string): AsyncGenerator<Uint8Array> {
  const { owner, folder } = await presentPlace(store, place);
  yield* store.readArtifact(owner, folder === "" ? path : `${folder}/${path}`);
}

/** Of a version whose source cannot be opened from here. */
export function sourceUnknown(version: ModelVersion): AppError {
  return new AppError("MODEL_SOURCE_INVALID", {
    required: "a source models:/m-ID, runs:/ID/path, or a folder of the store",
    received: version.source === "" ? "none" : version.source,
    where: `models:/${version.name}/${version.version}`,
    hint: "register the bundle again: `pawprint models register NAME BUNDLE`",
  });
}
