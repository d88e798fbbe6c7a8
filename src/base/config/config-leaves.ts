/** Reads a configuration schema: its leaves, their names in each source, and values from text. */
import type { TObject, TSchema } from "typebox";
import { parseBoundedJson } from "../bounded-json.ts";
import { jsonSchemaOf } from "../schema/json-schema.ts";
import { matchesSchema } from "../schema/matches-schema.ts";
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
  /** `--batch-size`, after the last part of the key. */
  readonly flagName: string;
}

/** An object with named properties is a section; a record or a union is a value. */
export function isSection(schema: TSchema): schema is TObject {
  const { type, properties } = jsonSchemaOf(schema);
  return type === "object" && properties !== undefined;
}

/** Every leaf of the schema in the schema's order, sections opened. */
export function configLeaves(schema: TObject, path: readonly string[] = []): ConfigLeaf[] {
  return Object.entries(schema.properties).flatMap(([name, part]) => {
    const way = [...path, name];
    return isSection(part) ? configLeaves(part, way) : [leafOf(part, way)];
  });
}

function leafOf(schema: TSchema, path: readonly string[]): ConfigLeaf {
  return {
    key: path.join("."),
    schema,
    environmentName: `${environmentPrefix}${path.map(snakeCase).join("_").toUpperCase()}`,
    flagName: `--${snakeCase(path.at(-1)!).replaceAll("_", "-")}`,
  };
}

function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

/**
 * The value that `text` stands for under `schema`; the text itself where it stands for none, so
 * that the check that follows refuses it with the text in its message. Lists are separated by
 * commas; objects are JSON.
 */
export function parseForSchema(schema: TSchema, text: string): unknown {
  const { type, anyOf, items, const: constant } = jsonSchemaOf(schema);
  if (anyOf !== undefined) {
    const parsed = anyOf.map((choice) => [choice, parseForSchema(choice, text)] as const);
    return parsed.find(([choice, value]) => matchesSchema(choice, value))?.[1] ?? text;
  }
  if (constant !== undefined) return String(constant) === text ? constant : text;
  switch (type) {
    case "number":
    case "integer":
      return parseNumber(text) ?? text;
    case "boolean":
      return parseBoolean(text) ?? text;
    case "array":
      if (text.trim() === "") return [];
      return text.split(",").map((part) => (items === undefined ? part.trim() : parseForSchema(items, part.trim())));
    case "object":
      return parseJson(text) ?? text;
    default:
      return text;
  }
}

function parseJson(text: string): unknown {
  try {
    return parseBoundedJson(text);
  } catch {
    return undefined; // not JSON: the caller keeps the text, and the check names it
  }
}
