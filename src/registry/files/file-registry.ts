/** Registered models in a folder of runs, in MLflow's own layout: `models/NAME/version-N`. */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError, type ErrorCode, isAppError } from "../../base/errors.ts";
import { ensureFolder } from "../../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import { withLock } from "../../base/locks/lock-file.ts";
import { openFileRunStore } from "../../tracking/files/file-run-store.ts";
import { requireRoom } from "../../tracking/files/keyed-files.ts";
import { formatMeta } from "../../tracking/files/meta-yaml.ts";
import type { RunStore } from "../../tracking/run-store.ts";
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
import { listVersionFiles, readVersionFile } from "./file-sources.ts";
import { readMeta, rewriteMeta, textIn, timeIn } from "./meta-file.ts";
import { entriesOf, placeFile, placeFolder, readTextIfThere, textsBelow } from "./model-folders.ts";

/** Versions that were deleted keep their number. */
const deletedStage = "Deleted_Internal";
/** Prompts lie among the models, and are none. */
const promptTag = "mlflow.prompt.is_prompt";

/** The folder is made by the first write. `now` gives milliseconds since 1970. */
export async function openFileRegistry(folder: string, now: () => number = Date.now): Promise<ModelRegistry> {
  return new FileRegistry(folder, now);
}

class FileRegistry implements ModelRegistry {
  readonly location: string;
  readonly #root: string;
  readonly #now: () => number;
  #runs: Promise<RunStore> | undefined;

  constructor(folder: string, now: () => number) {
    this.location = folder;
    this.#root = resolve(folder);
    this.#now = now;
  }

  async listModels(): Promise<readonly RegisteredModel[]> {
    const models: RegisteredModel[] = [];
    for (const entry of (await entriesOf(join(this.#root, "models"))) ?? []) {
      if (!entry.isDirectory() || !isModelName(entry.name)) continue;
      const model = await this.#readModel(entry.name);
      if (model !== undefined && model.tags.get(promptTag) !== "true") models.push(model);
    }
    return models;
  }

  async findModel(name: string): Promise<RegisteredModel | undefined> {
    requireName(name);
    return this.#readModel(name);
  }

  async ensureModel(name: string): Promise<{ readonly model: RegisteredModel; readonly created: boolean }> {
    requireName(name);
    const there = await this.#readModel(name);
    if (there !== undefined) return { model: there, created: false };
    await ensureFolder(join(this.#root, "models"));
    const at = this.#now();
    const meta = { aliases: new Map(), creation_timestamp: at, description: "", last_updated_timestamp: at, name };
    const files = new Map([["meta.yaml", formatMeta(meta)]]);
    // MLflow takes every folder here for an experiment, but for those whose name ends with `.trash`.
    const created = await placeFolder(this.#root, this.#folderOf(name), files, "trash");
    const model = await this.#readModel(name);
    if (model === undefined) throw unfinished(this.#folderOf(name));
    return { model, created };
  }

  async describeModel(name: string, description: string): Promise<void> {
    requireDescription(description);
    await this.#requireModel(name);
    await this.#editMeta(name, { description });
  }

  async setModelTag(name: string, key: string, value: string): Promise<void> {
    requireTag(key, value);
    await this.#requireModel(name);
    requireRoom("tag", join(this.#folderOf(name), "tags"), new Set([key]));
    await placeFile(this.#folderOf(name), join(this.#folderOf(name), "tags", key), value);
    await this.#editMeta(name);
  }

  async deleteModelTag(name: string, key: string): Promise<void> {
    requireTag(key);
    await this.#requireModel(name);
    await remove(join(this.#folderOf(name), "tags", key));
    await this.#editMeta(name);
  }

  async listVersions(name: string): Promise<readonly ModelVersion[]> {
    const { aliases } = await this.#requireModel(name);
    const versions: ModelVersion[] = [];
    for (const number of await this.#versionNumbers(name)) {
      const version = await this.#readVersion(name, String(number), aliases);
      if (version !== undefined) versions.push(version);
    }
    return versions;
  }

  async getVersion(name: string, version: string): Promise<ModelVersion> {
    const { aliases } = await this.#requireModel(name);
    const found = isVersionNumber(version) ? await this.#readVersion(name, version, aliases) : undefined;
    if (found === undefined) throw versionNotFound(name, version, this.location);
    return found;
  }

  async createVersion(name: string, version: NewModelVersion): Promise<ModelVersion> {
    requireNewVersion(version);
    await this.#requireModel(name);
    requireRoom("tag", join(this.#folderOf(name), "version-0", "tags"), new Set(version.tags?.keys()));
    const at = this.#now();
    const number = await this.#locked(name, async () => {
      for (let next = ((await this.#versionNumbers(name))[0] ?? 0) + 1; ; next++) {
        // Python's client takes no lock: a number that it took meanwhile is passed over.
        const files = versionFiles(name, next, version, at);
        if (await placeFolder(this.#folderOf(name), this.#folderOf(name, next), files, "tmp")) return next;
      }
    });
    await this.#editMeta(name);
    return this.getVersion(name, String(number));
  }

  async describeVersion(name: string, version: string, description: string): Promise<void> {
    requireDescription(description);
    await this.getVersion(name, version);
    await this.#editMeta(name, { description }, version);
  }

  async setVersionTag(name: string, version: string, key: string, value: string): Promise<void> {
    requireTag(key, value);
    await this.getVersion(name, version);
    requireRoom("tag", join(this.#folderOf(name, version), "tags"), new Set([key]));
    await placeFile(this.#folderOf(name), join(this.#folderOf(name, version), "tags", key), value);
    await this.#editMeta(name);
  }

  async deleteVersionTag(name: string, version: string, key: string): Promise<void> {
    requireTag(key);
    await this.getVersion(name, version);
    await remove(join(this.#folderOf(name, version), "tags", key));
    await this.#editMeta(name);
  }

  async resolveAlias(name: string, alias: string): Promise<string | undefined> {
    requireAlias(alias);
    await this.#requireModel(name);
    return readAlias(join(this.#folderOf(name), "aliases", alias));
  }

  async setAlias(name: string, alias: string, version: string): Promise<void> {
    requireAlias(alias);
    await this.getVersion(name, version);
    await placeFile(this.#folderOf(name), join(this.#folderOf(name), "aliases", alias), version);
    await this.#editMeta(name);
  }

  async deleteAlias(name: string, alias: string): Promise<void> {
    requireAlias(alias);
    await this.#requireModel(name);
    await remove(join(this.#folderOf(name), "aliases", alias));
    await this.#editMeta(name);
  }

  async listFiles(version: ModelVersion) {
    return listVersionFiles(this, await this.#runStore(), version);
  }

  async *readFile(version: ModelVersion, path: string): AsyncGenerator<Uint8Array> {
    yield* readVersionFile(this, await this.#runStore(), version, path);
  }

  async close(): Promise<void> {
    await (await this.#runs)?.close();
  }

  #runStore(): Promise<RunStore> {
    this.#runs ??= openFileRunStore(this.#root);
    return this.#runs;
  }

  /** Of a name that was checked. */
  #folderOf(name: string, version?: string | number): string {
    const folder = join(this.#root, "models", name);
    return version === undefined ? folder : join(folder, `version-${version}`);
  }

  async #requireModel(name: string): Promise<RegisteredModel> {
    const model = await this.findModel(name);
    if (model === undefined) throw modelNotRegistered(name, this.location);
    return model;
  }

  async #readModel(name: string): Promise<RegisteredModel | undefined> {
    const folder = this.#folderOf(name);
    const meta = await readMeta(folder);
    if (meta === undefined) return undefined;
    const aliases = new Map<string, string>();
    for (const entry of (await entriesOf(join(folder, "aliases"))) ?? []) {
      // One damaged alias, or another file, hides no model; whoever asks for that alias is told.
      if (!entry.isFile() || !isAlias(entry.name)) continue;
      const version = await readAlias(join(folder, "aliases", entry.name)).catch(undefinedIf("RUN_STORE_INVALID"));
      if (version !== undefined) aliases.set(entry.name, version);
    }
    return {
      name,
      description: textIn(meta, "description") ?? "",
      createdMs: timeIn(meta, "creation_timestamp"),
      updatedMs: timeIn(meta, "last_updated_timestamp"),
      tags: await textsBelow(join(folder, "tags")),
      aliases,
    };
  }

  async #readVersion(
    name: string,
    version: string,
    aliases: ReadonlyMap<string, string>,
  ): Promise<ModelVersion | undefined> {
    const folder = this.#folderOf(name, version);
    const meta = await readMeta(folder);
    if (meta === undefined || textIn(meta, "current_stage") === deletedStage) return undefined;
    const runId = textIn(meta, "run_id");
    const modelId = textIn(meta, "model_id");
    return {
      name,
      version,
      description: textIn(meta, "description") ?? "",
      createdMs: timeIn(meta, "creation_timestamp"),
      updatedMs: timeIn(meta, "last_updated_timestamp"),
      source: textIn(meta, "source") ?? "",
      ...(runId !== undefined && { runId }),
      ...(modelId !== undefined && { modelId }),
      tags: await textsBelow(join(folder, "tags")),
      aliases: [...aliases].flatMap(([alias, target]) => (target === version ? [alias] : [])),
    };
  }

  /** The highest first; those of deleted versions and of half-written folders too. */
  async #versionNumbers(name: string): Promise<number[]> {
    const entries = (await entriesOf(this.#folderOf(name))) ?? [];
    const versions = entries.flatMap((entry) => {
      const version = entry.name.replace(/^version-/, "");
      return entry.isDirectory() && entry.name !== version && isVersionNumber(version) ? [Number(version)] : [];
    });
    return versions.sort((left, right) => right - left);
  }

  /** Changes `meta.yaml` of a version, or else of the model, whose time of change follows in any case. */
  async #editMeta(name: string, change: { readonly description?: string } = {}, version?: string): Promise<void> {
    await this.#locked(name, async () => {
      const time = { last_updated_timestamp: this.#now() };
      if (version !== undefined) await rewriteMeta(this.#folderOf(name, version), { ...change, ...time });
      const { aliases } = await this.#requireModel(name);
      await rewriteMeta(this.#folderOf(name), { ...(version === undefined && change), ...time, aliases });
    });
  }

  /** One process at a time rewrites a model's files, and counts its versions. */
  #locked<T>(name: string, work: () => Promise<T>): Promise<T> {
    return withLock(join(this.#folderOf(name), ".pawprint-lock"), work, { onWait: () => undefined });
  }
}

function versionFiles(
  name: string,
  number: number,
  { source, runId, modelId, description = "", tags = new Map() }: NewModelVersion,
  at: number,
): Map<string, string> {
  const meta = formatMeta({
    creation_timestamp: at,
    current_stage: "None",
    description,
    last_updated_timestamp: at,
    model_id: modelId ?? null,
    name,
    run_id: runId ?? null,
    run_link: null,
    source,
    status: "READY",
    status_message: null,
    // Not the absolute path that MLflow writes here: the folder can be moved.
    storage_location: null,
    user_id: null,
    version: number,
  });
  const tagFiles = [...tags].map(([key, value]) => [`tags/${key}`, value] as const);
  return new Map([["meta.yaml", meta], ...tagFiles]);
}

/** Names of folders: further rules of MLflow's folder store, and of file systems. */
function requireName(name: string): void {
  requireModelName(name);
  if (!isFolderName(name)) {
    throw new AppError("TRACKING_VALUE_INVALID", {
      required: "a model's name that can be a folder's: at most 255 bytes, without % and backslashes",
      received: JSON.stringify(name),
    });
  }
}

function isFolderName(name: string): boolean {
  return !/[%\\]/.test(name) && Buffer.byteLength(name) <= 255;
}

/** Of a folder that was found. */
function isModelName(name: string): boolean {
  return follows(() => requireName(name));
}

function isAlias(name: string): boolean {
  return follows(() => requireAlias(name));
}

function follows(rule: () => void): boolean {
  try {
    rule();
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

function undefinedIf(code: ErrorCode): (error: unknown) => undefined {
  return (error) => {
    if (!isAppError(error, code)) throw error;
  };
}

/** Digits, or undefined where there is no such alias. Errors: RUN_STORE_INVALID. */
async function readAlias(path: string): Promise<string | undefined> {
  const text = await readTextIfThere(path, (content) => content.trim() !== "");
  const version = text?.trim();
  if (version === undefined || isVersionNumber(version)) return version;
  throw new AppError("RUN_STORE_INVALID", {
    required: "the number of a version in the file of an alias",
    received: version === "" ? "an empty file" : "other text",
    where: path,
    hint: "move the alias anew, or delete the file",
  });
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    if (systemCodeOf(error) !== "ENOTDIR") throw writeFailure(path, error);
  }
}

function unfinished(folder: string): AppError {
  return new AppError("RUN_STORE_INVALID", {
    required: "meta.yaml in the folder of a registered model",
    received: "a folder without it",
    where: folder,
    hint: "delete the folder, or copy it again",
  });
}
