/** Registered models and their versions as text and as JSON. */
import { shortenText } from "../../base/visible-text.ts";
import { type ModelVersion, type RegisteredModel, versionTags } from "../../registry/model-registry.ts";
import { historyRunTag } from "../../registry/promotion/history.ts";
import { promotedTagStart } from "../../registry/promotion/move-alias.ts";
import { alignRows, rightColumn, type Style, table } from "../frame/console.ts";
import { percent } from "./evaluation-text.ts";
import { startedText } from "./run-values.ts";

const longestDescription = 60;
/** Shown in columns of their own; the moves of aliases stand in the history. */
const ownTags: ReadonlySet<string> = new Set([...Object.values(versionTags), historyRunTag]);

export function modelsText(models: readonly RegisteredModel[], now: number): string {
  const rows = models.map(({ name, aliases, updatedMs, description }) => [
    name,
    [...aliases].map(([alias, version]) => `${alias} ${version}`).join(", "),
    startedText(updatedMs, now),
    shortenText(description, longestDescription),
  ]);
  return table(["NAME", "ALIASES", "CHANGED", "DESCRIPTION"], rows);
}

export function modelText(
  { name, description, tags }: RegisteredModel,
  versions: readonly ModelVersion[],
  { style, now }: { readonly style: Style; readonly now: number },
): string {
  const facts = [
    ["name", name],
    ...(description === "" ? [] : [["description", description]]),
    ...(tagsText(tags) === "" ? [] : [["tags", tagsText(tags)]]),
  ].map(([title = "", text = ""]) => [style.bold(title), text]);
  if (versions.length === 0) return `${alignRows(facts)}\n\nno versions`;
  const rows = versions.map((version) => [
    version.version,
    version.aliases.join(", "),
    accuracyText(version.tags.get(versionTags.accuracy)),
    version.tags.get(versionTags.datasetHash)?.slice(0, 12) ?? "",
    version.runId?.slice(0, 8) ?? "",
    startedText(version.createdMs, now),
    tagsText(version.tags),
    shortenText(version.description, longestDescription),
  ]);
  const columns = [
    rightColumn("VERSION"),
    "ALIASES",
    rightColumn("ACCURACY"),
    "DATASET",
    "RUN",
    "REGISTERED",
    "TAGS",
    "DESCRIPTION",
  ];
  return `${alignRows(facts)}\n\n${table(columns, rows)}`;
}

/** Any program may have written the tag. */
function accuracyText(text: string | undefined): string {
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  return value >= 0 && value <= 1 ? percent(value) : "";
}

function tagsText(tags: ReadonlyMap<string, string>): string {
  const others = [...tags].filter(([key]) => !ownTags.has(key) && !key.startsWith(promotedTagStart));
  return others.map(([key, value]) => `${key}=${shortenText(value, longestDescription)}`).join(", ");
}

export function modelJson({ tags, aliases, ...model }: RegisteredModel): object {
  return { ...model, aliases: Object.fromEntries(aliases), tags: Object.fromEntries(tags) };
}

export function versionJson({ tags, ...version }: ModelVersion): object {
  return { ...version, tags: Object.fromEntries(tags) };
}
