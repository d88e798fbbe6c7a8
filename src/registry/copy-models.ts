/** Copies registered models and versions whose runs or logged models were delivered to another store. */
import { throwIfCancelled } from "../base/cancel.ts";
import type { ModelRegistry, ModelVersion, RegisteredModel } from "./model-registry.ts";
import { historyRunTag } from "./promotion/history.ts";

export interface CopiedModel {
  readonly name: string;
  readonly isNew: boolean;
  /** Numbers of the versions that were made, here and there. */
  readonly versions: readonly { readonly from: string; readonly to: string }[];
  /** Aliases that were set. */
  readonly aliases: readonly string[];
  /** Aliases that are another version's at the target: they are moved by a promotion alone. */
  readonly keptAliases: readonly string[];
  /** Versions whose files are of no run that was delivered. */
  readonly left: readonly string[];
}

export interface CopyModelsOptions {
  /** The target's id of a run or of a logged model; undefined for one that was not delivered. */
  readonly targetId: (id: string) => string | undefined;
  readonly signal?: AbortSignal;
}

/** Says of a version as what it was first registered, so that it is copied once. */
const originTag = "pawprint.version_id";

/**
 * Models with names, descriptions and tags; versions from the oldest on, each once; aliases that the
 * target does not have. What the target has stays. Errors: those of both registries; INTERRUPTED.
 */
export async function copyModels(
  from: ModelRegistry,
  to: ModelRegistry,
  { targetId, signal }: CopyModelsOptions,
): Promise<readonly CopiedModel[]> {
  const copied: CopiedModel[] = [];
  for (const model of await from.listModels()) {
    throwIfCancelled(signal);
    const versions = (await from.listVersions(model.name)).toReversed();
    const wanted = versions.flatMap((version) => {
      const place = placeAtTarget(version, targetId);
      return place === undefined ? [] : [{ version, place }];
    });
    if (wanted.length === 0) continue;
    const isNew = await copyModel(model, to);
    const numbers = await copyVersions(wanted, to, model.name);
    copied.push({
      name: model.name,
      isNew,
      versions: numbers.filter((number) => number.isNew).map(({ from, to }) => ({ from, to })),
      ...(await copyAliases(model, to, new Map(numbers.map(({ from, to }) => [from, to])))),
      left: versions.filter((version) => wanted.every((one) => one.version !== version)).map(({ version }) => version),
    });
  }
  return copied;
}

type Place = Pick<ModelVersion, "source" | "runId" | "modelId">;

/** Where the version's files are at the target; undefined where they were not delivered. */
function placeAtTarget({ source, runId, modelId }: Place, targetId: CopyModelsOptions["targetId"]): Place | undefined {
  const [, scheme, id, rest = ""] = /^(runs|models):\/([\w-]+)(\/.*)?$/.exec(source) ?? [];
  const target = targetId(id ?? "") ?? (scheme === undefined && modelId !== undefined ? targetId(modelId) : undefined);
  if (target === undefined) return undefined;
  const run = runId === undefined ? undefined : targetId(runId);
  const model = modelId === undefined ? undefined : targetId(modelId);
  return {
    source: `${scheme ?? "models"}:/${target}${rest}`,
    ...(run !== undefined && { runId: run }),
    ...(model !== undefined && { modelId: model }),
  };
}

async function copyModel({ name, description, tags }: RegisteredModel, to: ModelRegistry): Promise<boolean> {
  const { model, created } = await to.ensureModel(name);
  if (description !== "" && model.description === "") await to.describeModel(name, description);
  for (const [key, value] of tags) {
    // The history of aliases is of each registry's own.
    if (key !== historyRunTag && !model.tags.has(key)) await to.setModelTag(name, key, value);
  }
  return created;
}

async function copyVersions(
  wanted: readonly { readonly version: ModelVersion; readonly place: Place }[],
  to: ModelRegistry,
  name: string,
): Promise<{ readonly from: string; readonly to: string; readonly isNew: boolean }[]> {
  const there = new Map((await to.listVersions(name)).map((version) => [originOf(version), version.version]));
  const numbers: { from: string; to: string; isNew: boolean }[] = [];
  for (const { version, place } of wanted) {
    const origin = originOf(version);
    const known = there.get(origin);
    const { description, tags } = version;
    const number =
      known ??
      (
        await to.createVersion(name, {
          ...place,
          ...(description !== "" && { description }),
          tags: new Map([...tags, [originTag, origin]]),
        })
      ).version;
    numbers.push({ from: version.version, to: number, isNew: known === undefined });
  }
  return numbers;
}

/** Ids of logged models and runs are given once, whatever the registry. */
function originOf({ tags, version, source }: ModelVersion): string {
  return tags.get(originTag) ?? `${version} ${source}`;
}

async function copyAliases(
  { name, aliases }: RegisteredModel,
  to: ModelRegistry,
  numbers: ReadonlyMap<string, string>,
): Promise<Pick<CopiedModel, "aliases" | "keptAliases">> {
  const [set, kept]: [string[], string[]] = [[], []];
  for (const [alias, version] of aliases) {
    const number = numbers.get(version);
    const there = await to.resolveAlias(name, alias);
    if (number === undefined || there === number) continue;
    if (there !== undefined) kept.push(alias);
    else {
      await to.setAlias(name, alias, number);
      set.push(alias);
    }
  }
  return { aliases: set, keptAliases: kept };
}
