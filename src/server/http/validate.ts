/**
 * Schema checks of requests: parts of a URL are converted to the contract's types, bodies never.
 */
import { Ajv, type ErrorObject } from "ajv";
import type { FastifySchemaCompiler } from "fastify";
import type { Static, TSchema } from "typebox";
import { AppError } from "../../base/errors.ts";
import { describeSchema } from "../../base/schema/describe-schema.ts";
import { nameOfKind } from "../input/nested-array.ts";

// TypeBox's unions carry no discriminator, and descriptions name media types: both are for readers,
// and strict mode would refuse them. Verbose errors carry the schema that was broken.
const shared = { strict: false, allErrors: false, verbose: true };
const strict = new Ajv({ ...shared, coerceTypes: false });
const coercing = new Ajv({ ...shared, coerceTypes: true });

/** For Fastify: path and query against their schemas. */
export const compileForRequest: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = "request" }) => {
  const validate = coercing.compile(schema);
  const part = httpPart === "querystring" ? "query" : httpPart;
  return (value: unknown) => {
    if (validate(value)) return { value };
    throw refusal(part, validate.errors);
  };
};

/**
 * A check for a value that was read by hand: gives it back with its type, or throws
 * REQUEST_INVALID.
 */
export function compileCheck<T extends TSchema>(schema: T, part: string): (value: unknown) => Static<T> {
  const validate = strict.compile<Static<T>>(schema);
  return (value) => {
    if (validate(value)) return value;
    throw refusal(part, validate.errors);
  };
}

function refusal(part: string, errors: readonly ErrorObject[] | null | undefined): AppError {
  // The branches of a union say less than the union itself.
  const error = errors?.find(({ keyword }) => keyword === "anyOf") ?? errors?.[0];
  return new AppError("REQUEST_INVALID", { ...(error ? faultOf(error) : { required: "a valid value" }), where: part });
}

function faultOf({ instancePath, params, parentSchema = {}, data }: ErrorObject) {
  const path = instancePath.split("/").slice(1);
  const of = (keys: readonly string[]): string => (keys.length === 0 ? "" : ` for ${keys.join(".")}`);
  const { additionalProperty: extra, missingProperty: missing } = params;
  const { properties = {}, description } = parentSchema;
  if (typeof extra === "string") {
    const known = Object.keys(properties).join(", ");
    return { required: `only the fields ${known}${of(path)}`, received: `a field '${extra.slice(0, 80)}'` };
  }
  if (typeof missing === "string") {
    return { required: `${describeSchema(properties[missing] ?? {})}${of([...path, missing])}`, received: "nothing" };
  }
  // What a union of a contract takes is said in its description.
  const expected = parentSchema.anyOf && description ? description : describeSchema(parentSchema);
  return { required: `${expected}${of(path)}`, received: wordsFor(data) };
}

function wordsFor(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 80));
  return typeof value === "number" || typeof value === "boolean" ? String(value) : nameOfKind(value);
}
