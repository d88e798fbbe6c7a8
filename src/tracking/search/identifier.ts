/** What a clause is about: `metrics.val_accuracy`, "tags.`mlflow.user`", `status`. */
import { nearestName } from "../../base/nearest.ts";
import { type RunAttribute, runAttributes } from "./searchable-run.ts";
import { describeToken, filterFault, type Token } from "./tokens.ts";

export type Identifier =
  | { readonly entity: "metric" | "parameter" | "tag"; readonly key: string }
  | { readonly entity: "attribute"; readonly key: RunAttribute }
  | { readonly entity: "dataset"; readonly key: DatasetField };

export type DatasetField = "name" | "digest" | "context";

const entities: ReadonlyMap<string, Identifier["entity"]> = new Map([
  ["metric", "metric"],
  ["metrics", "metric"],
  ["parameter", "parameter"],
  ["parameters", "parameter"],
  ["param", "parameter"],
  ["params", "parameter"],
  ["tag", "tag"],
  ["tags", "tag"],
  ["attribute", "attribute"],
  ["attributes", "attribute"],
  ["attr", "attribute"],
  ["run", "attribute"],
  ["dataset", "dataset"],
  ["datasets", "dataset"],
]);

const attributes: ReadonlyMap<string, RunAttribute> = new Map([
  ...runAttributes.map((name) => [name, name] as const),
  ["created", "start_time"],
  ["Created", "start_time"],
  ["run name", "run_name"],
  ["Run name", "run_name"],
  ["Run Name", "run_name"],
]);

const datasetFields: ReadonlyMap<string, DatasetField> = new Map([
  ["name", "name"],
  ["digest", "digest"],
  ["context", "context"],
]);

/** Attributes that are numbers; the others are text. */
export const numericAttributes: ReadonlySet<RunAttribute> = new Set(["start_time", "end_time"]);

/**
 * Reads an identifier from the start of `tokens`; gives it and how many tokens it took.
 * Errors: FILTER_INVALID.
 */
export function readIdentifier(tokens: readonly Token[], start: number, what: string): [Identifier, number] {
  const first = tokens[start]!;
  if (first.kind !== "name" && first.kind !== "quoted")
    throw filterFault(what, first.at, "a key such as metrics.val_accuracy, params.lr or status", describeToken(first));
  const hasEntity = tokens[start + 1]?.value === "." && tokens[start + 1]?.kind === "punctuation";
  if (!hasEntity) return [attributeOf(first, what), 1];
  const entity = entities.get(first.value);
  if (entity === undefined) {
    const near = nearestName(first.value, entities.keys());
    throw filterFault(
      what,
      first.at,
      near === undefined ? "metrics, params, tags, attributes or datasets before the '.'" : `'${near}' before the '.'`,
      describeToken(first),
    );
  }
  const [key, count] = readKey(tokens, start + 2, what);
  const token: Token = { ...tokens[start + 2]!, value: key };
  const taken = 2 + count;
  if (entity === "attribute") return [attributeOf(token, what), taken];
  if (entity !== "dataset") return [{ entity, key }, taken];
  const field = datasetFields.get(key);
  if (field === undefined)
    throw filterFault(what, token.at, "a dataset's name, digest or context", describeToken(token));
  return [{ entity, key: field }, taken];
}

function attributeOf(token: Token, what: string): Identifier {
  const key = attributes.get(token.value);
  if (key !== undefined) return { entity: "attribute", key };
  const near = nearestName(token.value, attributes.keys());
  const known = `${runAttributes.join(", ")}, or metrics., params., tags. before a key`;
  throw filterFault(what, token.at, near === undefined ? known : `'${near}', or ${known}`, describeToken(token));
}

/** A quoted key, or bare words with dots between them. */
function readKey(tokens: readonly Token[], start: number, what: string): [key: string, count: number] {
  const first = tokens[start]!;
  if (first.kind === "quoted") return [first.value, 1];
  let key = "";
  let at = start;
  for (; ; at++) {
    const token = tokens[at]!;
    if (token.kind !== "name")
      throw filterFault(what, token.at, "a key, in backticks where it is no word", describeToken(token));
    key += token.value;
    const next = tokens[at + 1]!;
    if (next.kind !== "punctuation" || next.value !== "." || next.at !== token.at + token.value.length) break;
    key += ".";
    at++;
  }
  return [key, at - start + 1];
}
