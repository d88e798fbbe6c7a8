/** Reads a configuration schema: its leaves, their names in each source, and what each one accepts, in words. */
import type { TObject, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { parseBoolean, parseNumber } from "./parse-text.ts";

/** What every environment variable of Pawprint begins with. */
export const environmentPrefix = "PAWPRINT_";

/** One value that can be set, with the name it has in each source. */
export interface ConfigLeaf {
  /** The way through the sections, `train.batchSize`, as it stands in the file. */
  readonly key: string;
  readonly schema: TSchema;
  /** `PAWPRINT_TRAIN_BATCH_SIZE`. */
  readonly environmentName: string;
  /** `--batch-size`: the last part of the key, or the schema's own `flag` annotation. */
  readonly flagName: string;
  /** True where the schema says `secret: true`: its value is never printed. */
  readonly isSecret: boolean;
}

/** An object with named properties is a section; a record or a union is a value. */
export function isSection(schema: TSchema): schema is TObject {
  return schema.type === "object" && typeof schema.properties === "object" && schema.properties !== null;
}

/** Every leaf of the schema in the schema's order, sections opened. */
export function configLeaves(schema: TObject, path: readonly string[] = []): ConfigLeaf[] {
  return Object.entries(schema.properties).flatMap(([name, part]) => {
    const way = [...path, name];
    return isSection(part) ? configLeaves(part, way) : [leafOf(part, way)];
  });
}

function leafOf(schema: TSchema, path: readonly string[]): ConfigLeaf {
  const flag: unknown = schema.flag;
  return {
    key: path.join("."),
    schema,
    environmentName: `${environmentPrefix}${path.map(snakeCase).join("_").toUpperCase()}`,
    flagName: `--${typeof flag === "string" ? flag : snakeCase(path.at(-1)!).replaceAll("_", "-")}`,
    isSecret: schema.secret === true,
  };
}

function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

/**
 * The value that `text` stands for under `schema`; the text itself where it stands for none, so that the check that
 * follows refuses it with the text in its message. Lists are separated by commas; objects are JSON.
 */
export function parseForSchema(schema: TSchema, text: string): unknown {
  const choices = choicesOf(schema);
  if (choices !== undefined) {
    const parsed = choices.map((choice) => [choice, parseForSchema(choice, text)] as const);
    return parsed.find(([choice, value]) => Value.Check(choice, value))?.[1] ?? text;
  }
  if (schema.const !== undefined) return String(schema.const) === text ? schema.const : text;
  switch (schema.type) {
    case "number":
    case "integer":
      return parseNumber(text) ?? text;
    case "boolean":
      return parseBoolean(text) ?? text;
    case "array":
      return text.trim() === "" ? [] : text.split(",").map((part) => parseForSchema(schema.items, part.trim()));
    case "object":
      return parseJson(text) ?? text;
    default:
      return text;
  }
}

/** What the schema accepts, for "train.epochs expects ...". */
export function describeSchema(schema: TSchema): string {
  const choices = choicesOf(schema);
  if (choices !== undefined) {
    const allConstant = choices.every((choice) => choice.const !== undefined);
    const words = choices.map((choice) => (allConstant ? String(choice.const) : describeSchema(choice)));
    return allConstant ? `one of ${words.join(", ")}` : words.join(" or ");
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  switch (schema.type) {
    case "integer":
      return `a whole number${rangeOf(schema)}`;
    case "number":
      return `a number${rangeOf(schema)}`;
    case "boolean":
      return "true or false";
    case "string":
      // A pattern is for machines: people learn more from what fits it.
      return schema.examples ? `a text like ${schema.examples.join(" or ")}` : `a text${lengthOf(schema)}`;
    case "array":
      return `a list, each part ${describeSchema(schema.items)}`;
    case "null":
      return "null";
    default:
      return typeof schema.description === "string" ? schema.description : `a value of type ${schema.type ?? "any"}`;
  }
}

function choicesOf(schema: TSchema): readonly TSchema[] | undefined {
  return Array.isArray(schema.anyOf) ? schema.anyOf : undefined;
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: TSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const bounds = [
    minimum === undefined ? undefined : `of at least ${minimum}`,
    exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`,
    maximum === undefined ? undefined : `of at most ${maximum}`,
    exclusiveMaximum === undefined ? undefined : `below ${exclusiveMaximum}`,
  ].filter((bound) => bound !== undefined);
  return bounds.length === 0 ? "" : ` ${bounds.join(" and ")}`;
}

function lengthOf({ minLength }: TSchema): string {
  if (minLength === undefined) return "";
  return minLength === 1 ? " that is not empty" : ` of at least ${minLength} characters`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the caller keeps the text, and the check names it
  }
}
