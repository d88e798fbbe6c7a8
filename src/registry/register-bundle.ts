/** Registers a bundle as a version of a model, with what its tags say of it. */
import { basename } from "node:path";
import { AppError, isAppError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { type BundleInfo, parseBundle } from "../bundle/bundle.ts";
import type { BundleFile } from "../bundle/bundle-file.ts";
import { logBundle } from "../bundle/mlflow-model/log-bundle.ts";
import type { Run } from "../tracking/run.ts";
import type { RunStore } from "../tracking/run-store.ts";
import type { ModelOrigin } from "./locate-model.ts";
import type { ModelAddress } from "./model-address.ts";
import { type ModelRegistry, type ModelVersion, versionTags } from "./model-registry.ts";
import { ensureHistory, placeOfAlias } from "./promotion/history.ts";
import { type Mover, moveAlias } from "./promotion/move-alias.ts";
import { requireAlias, requireDescription, requireModelName, requireTag } from "./registry-names.ts";
import { resolveBundle } from "./resolve-bundle.ts";

export interface RegisterOptions {
  readonly name: string;
  /** A bundle's file, which is logged first; or a model that is logged already. */
  readonly model: BundleFile | ModelAddress;
  readonly description?: string;
  readonly tags?: ReadonlyMap<string, string>;
  /** One that no version has yet: others are moved through their gates. */
  readonly alias?: string;
  /** Who registers it, for the history of the alias. */
  readonly mover: Mover;
  /** A further version of a bundle that is registered already. */
  readonly force?: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Registration {
  readonly version: ModelVersion;
  /** False where the same bundle was a version already: that one is given, unchanged. */
  readonly isNew: boolean;
}

interface Registered {
  readonly registry: ModelRegistry;
  readonly store: RunStore;
}

/**
 * Errors: TRACKING_VALUE_INVALID, ALIAS_INVALID (also where another version has the alias) before
 * anything is written; PROMOTION_CONFLICT where it got the alias meanwhile; those of `resolveBundle` and `logBundle`, of registry and store.
 */
export async function registerBundle({ registry, store }: Registered, options: RegisterOptions): Promise<Registration> {
  const { name, model, description, tags = new Map(), alias, mover, force = false, now } = options;
  requireModelName(name);
  for (const [key, value] of tags) requireTag(key, value);
  if (description !== undefined) requireDescription(description);
  const known = await registry.findModel(name);
  if (alias !== undefined) requireFreeAlias(alias, known?.aliases);
  const found = await bundleOf(model, { registry, store });
  const same =
    known && (await registry.listVersions(name)).find(({ tags }) => tags.get(versionTags.sha256) === found.sha256);
  if (same !== undefined && !force) return { version: same, isNew: false };

  const origin = found.origin ?? (await logFile(store, name, found.file, now));
  await registry.ensureModel(name);
  const version = await registry.createVersion(name, {
    ...origin,
    ...(description !== undefined && { description }),
    tags: new Map([...tagsOf(found.info, found.sha256), ...tags]),
  });
  if (alias === undefined) return { version, isNew: true };
  await giveAlias({ registry, store }, { name, alias, version: version.version, mover });
  return { version: await registry.getVersion(name, version.version), isNew: true };
}

/** As a move of the alias's history. Errors: PROMOTION_CONFLICT where another process gave it meanwhile. */
async function giveAlias(stores: Registered, move: { name: string; alias: string; version: string; mover: Mover }) {
  const { registry, store } = stores;
  const run = await ensureHistory(registry, store, move.name);
  const place = await placeOfAlias(registry, store, run, move.name, move.alias, move.mover.by);
  const number = place.nextNumber;
  await moveAlias(stores, run.id, { ...move, kind: "register", number, forced: false, gates: [] });
}

/** Errors: ALIAS_INVALID. */
function requireFreeAlias(alias: string, aliases: ReadonlyMap<string, string> = new Map()): void {
  requireAlias(alias);
  const version = aliases.get(alias);
  if (version === undefined) return;
  throw new AppError("ALIAS_INVALID", {
    required: "an alias that no version has yet",
    received: `${alias}, which is version ${version}`,
    hint: `register it without, then move the alias: \`pawprint models promote NAME VERSION --to ${alias}\``,
  });
}

type FoundBundle = { readonly info: BundleInfo; readonly sha256: string } & (
  | { readonly origin: ModelOrigin; readonly file?: undefined }
  | { readonly origin?: undefined; readonly file: BundleFile }
);

async function bundleOf(model: BundleFile | ModelAddress, { registry, store }: Registered): Promise<FoundBundle> {
  if ("info" in model) return { info: model.info, sha256: model.sha256, file: model };
  const stores = { registry: async () => registry, runs: async () => store };
  const { bytes, where, origin } = await resolveBundle(model, stores);
  return { info: parseBundle(bytes, where), sha256: sha256(bytes), origin };
}

/** Of the bundle; a figure that is none is left out. */
function tagsOf({ digest, evaluation: { accuracy }, lineage }: BundleInfo, hash: string): Map<string, string> {
  return new Map([
    [versionTags.sha256, hash],
    ...(digest === undefined ? [] : [[versionTags.digest, digest] as const]),
    ...(typeof accuracy === "number" ? [[versionTags.accuracy, String(accuracy)] as const] : []),
    [versionTags.datasetHash, lineage.datasetHash],
  ]);
}

/** As a model of the run that made it, or else of a run of its own. */
async function logFile(store: RunStore, name: string, file: BundleFile, now: () => number): Promise<ModelOrigin> {
  const trained = await runOf(store, file.info.lineage.runId);
  const run = trained ?? (await createRun(store, name, file, now));
  try {
    const model = await logBundle(store, run, file);
    if (trained === undefined) await store.updateRun(run.id, { status: "FINISHED", endedMs: now() });
    if (model === undefined) return { source: `runs:/${run.id}/model`, runId: run.id };
    return { source: `models:/${model.id}`, runId: run.id, modelId: model.id };
  } catch (error) {
    // The first error says more than that this could not be told either.
    if (trained === undefined)
      await store.updateRun(run.id, { status: "FAILED", endedMs: now() }).catch(() => undefined);
    throw error;
  }
}

/** Undefined where the store has no such run, or it was deleted. */
async function runOf(store: RunStore, id: string): Promise<Run | undefined> {
  try {
    const run = await store.getRun(id);
    return run.lifecycle === "active" ? run : undefined;
  } catch (error) {
    if (isAppError(error, "RUN_NOT_FOUND")) return undefined;
    throw error;
  }
}

async function createRun(store: RunStore, name: string, file: BundleFile, now: () => number): Promise<Run> {
  const { id: experimentId } = await store.ensureExperiment(name);
  const tags = new Map([
    ["mlflow.source.name", basename(file.path)],
    ["pawprint.training_run", file.info.lineage.runId],
  ]);
  return store.createRun({ experimentId, name: "registered from a file", startedMs: now(), tags });
}
