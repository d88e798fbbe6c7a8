/** The first thing that a value has wrong under a schema, in the words of an error message. */
import type { TSchema } from "typebox";
import { Errors } from "typebox/schema";
import { describeSchema } from "./describe-schema.ts";
import { jsonSchemaOf } from "./json-schema.ts";

export interface SchemaFault {
  /** Dotted, `history.3.trainLoss`; empty for the value as a whole. */
  readonly path: string;
  /** A noun phrase. */
  readonly expected: string;
  /** The value as JSON, "nothing" where a key is missing. */
  readonly received: string;
}

/** Undefined where `value` is what `schema` accepts. */
export function schemaFault(schema: TSchema, value: unknown): SchemaFault | undefined {
  const [, [first, ...others]] = Errors(schema, value);
  if (first === undefined) return undefined;
  // Faults of the branches of a union say less than the union itself.
  const { instancePath } =
    others.find(({ keyword, instancePath: at }) => keyword === "anyOf" && isWithin(first.instancePath, at)) ?? first;
  const path = instancePath.split("/").slice(1);
  const missing = first.keyword === "required" ? first.params.requiredProperties[0] : undefined;
  if (missing !== undefined) path.push(missing);
  const { part, found } = follow(schema, value, path);
  return {
    path: path.join("."),
    expected: part === undefined ? "no such key" : describeSchema(part),
    received: found === undefined ? "nothing" : JSON.stringify(found),
  };
}

/** The expectation with its place, for `AppError.required`: "a text for labels.0". */
export function expectedOf({ path, expected }: SchemaFault, root: string): string {
  const place = [root, path].filter((part) => part !== "").join(".");
  return place === "" ? expected : `${expected} for ${place}`;
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}/`);
}

function follow(schema: TSchema, value: unknown, path: readonly string[]) {
  let part: TSchema | undefined = schema;
  let found = value;
  for (const step of path) {
    const { properties, patternProperties, items }: ReturnType<typeof jsonSchemaOf> =
      part === undefined ? {} : jsonSchemaOf(part);
    part = properties?.[step] ?? items ?? Object.values(patternProperties ?? {})[0];
    found = typeof found === "object" && found !== null ? Reflect.get(found, step) : undefined;
  }
  return { part, found };
}
