/** The functions of `pawprint/registry` that promote, and that tell where a model comes from. */
import { execFile } from "node:child_process";
import { hostname, userInfo } from "node:os";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { Type } from "typebox";
import type { BuildInfo } from "../base/build-info.ts";
import { AppError } from "../base/errors.ts";
import { fetch as ownFetch } from "../base/fetch.ts";
import { matchesSchema } from "../base/schema/matches-schema.ts";
import { readOptions } from "../base/schema/options.ts";
import { type BundleFile, inspectBundle } from "../bundle/bundle-file.ts";
import { isBundleUrl } from "../bundle/bundle-url.ts";
import type { LineageGraph } from "../registry/lineage/lineage-graph.ts";
import {
  bundleLineage,
  registeredLineage,
  type ServedBundle,
  servedLineage,
} from "../registry/lineage/model-lineage.ts";
import { isModelAddress, parseModelAddress } from "../registry/model-address.ts";
import type { Mover } from "../registry/promotion/move-alias.ts";
import type { Promotion, Registered } from "../registry/promotion/promote.ts";
import { promote, rollBack } from "../registry/promotion/promote.ts";
import { type PromotionConfig, promotionConfigSchema } from "../registry/promotion/promotion-config.ts";
import { type ModelHistory, readHistory } from "../registry/promotion/read-history.ts";
import { type Registration, registerBundle } from "../registry/register-bundle.ts";
import { resolveBundle } from "../registry/resolve-bundle.ts";
import { ApiError } from "../server/client/api-error.ts";
import { type ApiClient, createClient } from "../server/client/client.ts";
import { BuildFacts } from "../server/contract/mlflow-routes.ts";
import { ModelLineage, modelRoles, VersionState } from "../server/contract/model-routes.ts";
import { type TrackingAccess, trackingAccess } from "../tracking/tracking-access.ts";
import { predictionEngine } from "./engines.ts";
import type {
  LineageOptions,
  OpenModelsOptions,
  PromoteModelOptions,
  RegisterModelOptions,
  RollbackModelOptions,
  TraceServiceOptions,
} from "./options/models-options.ts";
import * as schemas from "./options/models-options.ts";
import { openModelRegistry, openRunStore } from "./tracking.ts";

/** Registered models with the runs that they come from. Close it when done. */
export interface Models extends Registered {
  close(): Promise<void>;
}

/**
 * In a folder of MLflow's layout, or on an MLflow server: `trackingUri`, else MLFLOW_TRACKING_URI,
 * else the folder `runs`. Errors: TRACKING_URI_INVALID; CONFIG_INVALID, CONFIG_UNKNOWN_KEY.
 */
export async function openModels(given?: OpenModelsOptions): Promise<Models> {
  const { env = process.env, ...settings } = readOptions<OpenModelsOptions>(
    schemas.openModelsOptions,
    given,
    "openModels",
  );
  return modelsAt(trackingAccess(settings, env, (path) => resolve(path)));
}

/** The same at a place that is known. */
export async function modelsAt(access: TrackingAccess): Promise<Models> {
  const registry = await openModelRegistry(access);
  const store = await openRunStore(access);
  const stores = { registry: async () => registry, runs: async () => store };
  return {
    registry,
    store,
    readBundle: ({ name, version }) => resolveBundle({ kind: "version", name, version }, stores),
    async close() {
      await store.close();
      await registry.close();
    },
  };
}

/** Registers a bundle as a version of a model: see `registerBundle` in `registry/register-bundle.ts`. */
export async function registerModel(models: Models, options: RegisterModelOptions): Promise<Registration> {
  const given = readOptions<RegisterModelOptions>(schemas.registerModelOptions, options, "registerModel");
  const { model, folder = ".", tags = {}, mover, ...others } = given;
  return registerBundle(models, {
    ...others,
    model: isModelAddress(model) ? parseModelAddress(model) : await inspectAt(folder, model),
    tags: new Map(Object.entries(tags)),
    mover: mover ?? (await moverHere(folder)),
    now: Date.now,
  });
}

/** The file of a bundle: at a URL with its SHA-256, else at a path from `folder` on. */
async function inspectAt(folder: string, model: string): Promise<BundleFile> {
  if (!isBundleUrl(model)) return inspectBundle(resolve(folder, model), model);
  const { readBundleAtUrl } = await import("./bundle-urls.ts");
  return inspectBundle((await readBundleAtUrl(model, { folder })).path); // from where it is logged
}

/** Moves an alias to a version that passes its gates: see `promote` in `registry/promotion/promote.ts`. */
export async function promoteModel(models: Models, options: PromoteModelOptions): Promise<Promotion> {
  const given = readOptions<PromoteModelOptions>(schemas.promoteModelOptions, options, "promoteModel");
  const { settings = {}, mover, executor, threads, ...others } = given;
  return promote(models, {
    ...others,
    settings: readOptions<PromotionConfig>(promotionConfigSchema, settings as PromotionConfig, "promoteModel"), // fills in defaults
    mover: mover ?? (await moverHere(others.folder)),
    executor: executor ?? (await predictionEngine(threads === undefined ? {} : { threads })),
  });
}

/** Moves an alias to the version before: see `rollBack` in `registry/promotion/promote.ts`. */
export async function rollbackModel(models: Models, options: RollbackModelOptions): Promise<Promotion> {
  const given = readOptions<RollbackModelOptions>(schemas.rollbackModelOptions, options, "rollbackModel");
  const { mover, executor, threads, ...others } = given;
  return rollBack(models, {
    ...others,
    mover: mover ?? (await moverHere()),
    executor: executor ?? (await predictionEngine(threads === undefined ? {} : { threads })),
  });
}

/** The moves of a model's aliases, or of one: see `readHistory` in `registry/promotion/read-history.ts`. */
export async function modelHistory(models: Models, name: string, alias?: string): Promise<ModelHistory> {
  return readHistory(models, name, alias);
}

/**
 * The chain from pictures to aliases of `NAME@ALIAS`, `NAME/VERSION` (with or without `models:/`), or
 * of a bundle's path.
 * Errors: MODEL_SOURCE_INVALID for the address of a run; MODEL_NOT_REGISTERED, MODEL_VERSION_NOT_FOUND,
 * ALIAS_INVALID; those of `inspectBundle` for a path; those of the stores.
 */
export async function modelLineage(models: Models, model: string, options?: LineageOptions): Promise<LineageGraph> {
  const { folder } = readOptions<LineageOptions>(schemas.lineageOptions, options, "modelLineage");
  const reader = { ...models, ...(folder !== undefined && { folder }) };
  // A bundle's file has an ending, a name with a version or an alias has none.
  const isPath =
    !isModelAddress(model) && (/\.onnx$/i.test(model) || !/^[^/\\]+(@[^/\\@]+|\/(\d+|latest))$/.test(model));
  if (isPath) {
    return bundleLineage(reader, await inspectAt(folder ?? ".", model));
  }
  const address = parseModelAddress(isModelAddress(model) ? model : `models:/${model}`);
  if (address.kind === "run" || address.kind === "logged") {
    throw new AppError("MODEL_SOURCE_INVALID", {
      required: "a model as NAME@ALIAS or NAME/VERSION, or the path of a bundle",
      received: JSON.stringify(model),
      hint: "name the registered version, or the bundle's file",
    });
  }
  return registeredLineage(reader, address);
}

/** What of the service's answer is used; earlier versions give no hash of a canary or a challenger. */
const Described = Type.Object({
  name: Type.String(),
  version: Type.String(),
  sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  lineage: Type.Omit(ModelLineage, ["seed"]),
  evaluation: Type.Record(Type.String(), Type.Unknown()),
  versions: Type.Array(Type.Object({ ...VersionState.properties, role: Type.String(), state: Type.String() })),
});

/**
 * The chains of all that a running service serves: champion, canary and challenger. Without models,
 * or where they know nothing of it, what the service itself says is told.
 * Errors: SERVICE_UNREACHABLE for an answer that is none of a service's; `ApiError`; what `fetch`
 * throws; those of the stores.
 */
export async function traceService(
  models: Models | undefined,
  url: string,
  options?: TraceServiceOptions,
): Promise<LineageGraph> {
  const given = readOptions<TraceServiceOptions>(schemas.traceServiceOptions, options, "traceService");
  const { key, folder, signal, fetch = ownFetch } = given;
  const client = createClient(url, { ...(key !== undefined && { key }), fetch });
  const { json } = await client.call("model", signal ? { signal } : {});
  const bundles = servedBundles(json, url);
  const code = await codeOf(client, signal);
  const served = code === undefined ? bundles : bundles.map((bundle) => ({ ...bundle, code }));
  return servedLineage(served, {
    ...(models && { registry: models.registry, store: models.store }),
    ...(folder !== undefined && { folder }),
  });
}

/** Later versions may say more. */
const Built = Type.Object(BuildFacts.properties);
const longestVersion = 100;

/** Which code the service runs: earlier ones say their version alone, as text; undefined where it says nothing. */
async function codeOf(client: ApiClient, signal: AbortSignal | undefined): Promise<BuildInfo | undefined> {
  try {
    const { json, headers, bytes } = await client.call("version", signal ? { signal } : {});
    if (matchesSchema(Built, json)) {
      const { image_digest: imageDigest, ...others } = json;
      return { ...others, ...(imageDigest !== undefined && { imageDigest }) };
    }
    const text = new TextDecoder().decode(bytes).trim();
    const isText = headers.get("content-type")?.startsWith("text/plain") === true;
    return isText && text !== "" && text.length <= longestVersion ? { version: text } : undefined;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

function servedBundles(answer: unknown, url: string): readonly ServedBundle[] {
  if (!matchesSchema(Described, answer)) {
    throw new AppError("SERVICE_UNREACHABLE", {
      required: "a description of the served model",
      received: "another answer",
      where: `${url}/model`,
      hint: "give the address of a service: pawprint serve MODEL",
    });
  }
  const { versions, version: champion, sha256, lineage, evaluation } = answer;
  return versions
    .filter(({ state, version }) => state === "serving" && version !== "")
    .sort((a, b) => roleRank(a.role) - roleRank(b.role))
    .map(({ version, role, source, since, ...origin }) => {
      const service = { url, role, source, since };
      if (version === champion) return { ...service, sha256, lineage, evaluation };
      const { run_id: runId, dataset_hash: datasetHash } = origin;
      const known = { ...(runId !== undefined && { runId }), ...(datasetHash !== undefined && { datasetHash }) };
      return { ...service, sha256: origin.sha256 ?? version, lineage: known };
    });
}

function roleRank(role: string): number {
  const known: readonly string[] = modelRoles;
  const at = known.indexOf(role);
  return at < 0 ? modelRoles.length : at;
}

/** `user@host` of this process, and the name that Git knows the user by. */
export async function moverHere(folder = "."): Promise<Mover> {
  let user = "unknown";
  try {
    user = userInfo().username;
  } catch {
    // A user id without an entry in the system's table, as in many containers.
  }
  const by = `${user}@${hostname()}`;
  try {
    const { stdout } = await promisify(execFile)("git", ["config", "user.name"], { cwd: folder, timeout: 5000 });
    const gitUser = stdout.trim().slice(0, 200);
    return gitUser === "" ? { by } : { by, gitUser };
  } catch {
    return { by }; // without Git, or without a name there
  }
}
