/** What an MLflow server says of registered models and versions. */
import { type Static, Type } from "typebox";
import type { ModelVersion, RegisteredModel } from "../model-registry.ts";
import { placeOf } from "../version-files.ts";

const Text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
/** Numbers of 64 bits are texts in some answers. */
const Time = Type.Optional(Type.Union([Type.Number(), Type.String(), Type.Null()]));
const Tags = Type.Optional(Type.Array(Type.Object({ key: Type.String(), value: Type.Optional(Type.String()) })));

const ModelEntry = Type.Object({
  name: Type.String(),
  description: Text,
  creation_timestamp: Time,
  last_updated_timestamp: Time,
  tags: Tags,
  aliases: Type.Optional(Type.Array(Type.Object({ alias: Type.String(), version: Type.String() }))),
});

const VersionEntry = Type.Object({
  name: Type.String(),
  version: Type.Union([Type.String(), Type.Integer()]),
  description: Text,
  creation_timestamp: Time,
  last_updated_timestamp: Time,
  source: Text,
  run_id: Text,
  model_id: Text,
  tags: Tags,
  aliases: Type.Optional(Type.Array(Type.String())),
});

export const Nothing = Type.Object({});
export const ModelAnswer = Type.Object({ registered_model: ModelEntry });
export const VersionAnswer = Type.Object({ model_version: VersionEntry });
export const ModelPage = Type.Object({
  registered_models: Type.Optional(Type.Array(ModelEntry)),
  next_page_token: Text,
});
export const VersionPage = Type.Object({
  model_versions: Type.Optional(Type.Array(VersionEntry)),
  next_page_token: Text,
});

export function modelOf(entry: Static<typeof ModelEntry>): RegisteredModel {
  return {
    name: entry.name,
    description: entry.description ?? "",
    createdMs: timeOf(entry.creation_timestamp),
    updatedMs: timeOf(entry.last_updated_timestamp),
    tags: tagsOf(entry.tags),
    aliases: new Map(entry.aliases?.map(({ alias, version }) => [alias, version])),
  };
}

/** Searches tell no aliases: those of the model are given with them. */
export function versionOf(
  entry: Static<typeof VersionEntry>,
  aliasesOfModel?: ReadonlyMap<string, string>,
): ModelVersion {
  const version = String(entry.version);
  const source = entry.source ?? "";
  const place = placeOf(source);
  // Servers leave the id out, and say it in the source.
  const modelId = entry.model_id || (place && "modelId" in place.owner ? place.owner.modelId : "");
  const known = aliasesOfModel && [...aliasesOfModel].flatMap(([alias, target]) => (target === version ? [alias] : []));
  return {
    name: entry.name,
    version,
    description: entry.description ?? "",
    createdMs: timeOf(entry.creation_timestamp),
    updatedMs: timeOf(entry.last_updated_timestamp),
    source,
    ...(entry.run_id && { runId: entry.run_id }),
    ...(modelId !== "" && { modelId }),
    tags: tagsOf(entry.tags),
    aliases: [...(known ?? entry.aliases ?? [])].sort(),
  };
}

function tagsOf(tags: Static<typeof Tags> | undefined): Map<string, string> {
  return new Map(tags?.map(({ key, value = "" }) => [key, value]));
}

/** 0 where the server says none. */
function timeOf(value: Static<typeof Time> | undefined): number {
  const time = Number(value ?? 0);
  return Number.isSafeInteger(time) ? time : 0;
}
