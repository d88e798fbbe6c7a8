/** What a schema accepts, as a noun phrase for error messages and help texts. */
import type { TSchema } from "typebox";
import { type JsonSchema, jsonSchemaOf } from "./json-schema.ts";

/** "a whole number from 1 to 10000", "one of cover, contain", "a list, each item a number". */
export function describeSchema(schema: TSchema): string {
  const keywords = jsonSchemaOf(schema);
  const { type, anyOf, items, examples, description } = keywords;
  if (anyOf !== undefined) {
    const constants = anyOf.map((choice) => jsonSchemaOf(choice).const);
    if (constants.every((constant) => constant !== undefined)) return `one of ${constants.join(", ")}`;
    return anyOf.map(describeSchema).join(" or ");
  }
  if (keywords.const !== undefined) return JSON.stringify(keywords.const);
  switch (type) {
    case "integer":
      return `a whole number${rangeOf(keywords)}`;
    case "number":
      return `a number${rangeOf(keywords)}`;
    case "boolean":
      return "true or false";
    case "string":
      // A pattern is for machines: an example tells people more.
      return examples ? `a text like ${examples.join(" or ")}` : `a text${lengthOf(keywords)}`;
    case "array":
      return `a list${lengthOf(keywords)}${items === undefined ? "" : `, each item ${describeSchema(items)}`}`;
    case "null":
      return "null";
    default:
      return description ?? (type === "object" ? "an object" : `a value of type ${type ?? "any"}`);
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const bounds = [
    minimum === undefined ? undefined : `of at least ${minimum}`,
    exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`,
    maximum === undefined ? undefined : `of at most ${maximum}`,
    exclusiveMaximum === undefined ? undefined : `below ${exclusiveMaximum}`,
  ].filter((bound) => bound !== undefined);
  return bounds.length === 0 ? "" : ` ${bounds.join(" and ")}`;
}

function lengthOf({ minLength, maxLength, minItems, maxItems }: JsonSchema): string {
  if (minLength === 1 && maxLength === undefined) return " that is not empty";
  return countOf(minItems, maxItems, "") + countOf(minLength, maxLength, " characters");
}

function countOf(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined) return most === undefined ? "" : ` of at most ${most}${unit}`;
  if (least === most) return ` of ${least}${unit}`;
  return most === undefined ? ` of at least ${least}${unit}` : ` of ${least} to ${most}${unit}`;
}
