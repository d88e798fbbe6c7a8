/**
 * Schema checks: words of a URL are brought to the type that the contract names, bodies are taken
 * as they are.
 */

import { Ajv } from "ajv";
import type { FastifySchemaCompiler } from "fastify";
import type { Static, TSchema } from "typebox";
import { AppError } from "../../base/errors.ts";

// Unions of TypeBox carry no discriminator, and descriptions name media types: both are for
// readers, not for Ajv.
const strict = new Ajv({ strict: false, allErrors: false, coerceTypes: false });
const coercing = new Ajv({ strict: false, allErrors: false, coerceTypes: true });

/** For Fastify: path and query against their schemas. */
export const compileForRequest: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validate = coercing.compile(schema);
  return (value: unknown) => {
    if (validate(value)) return { value };
    throw refusal(httpPart ?? "request", validate.errors?.[0]);
  };
};

/**
 * A check for a value that was read by hand: gives it back with its type, or throws
 * REQUEST_INVALID.
 */
export function compileCheck<T extends TSchema>(schema: T, part: string): (value: unknown) => Static<T> {
  const validate = strict.compile(schema);
  return (value) => {
    if (validate(value)) return value as Static<T>; // checked against the schema in this line
    throw refusal(part, validate.errors?.[0]);
  };
}

interface Fault {
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

function refusal(part: string, fault: Fault | undefined): AppError {
  const path = (fault?.instancePath ?? "").slice(1).replaceAll("/", ".");
  const extra = fault?.params.additionalProperty;
  return new AppError("REQUEST_INVALID", {
    required: `${path === "" ? `the ${part}` : path} ${fault?.message ?? "is valid"}`,
    ...(typeof extra === "string" && { received: `'${extra.slice(0, 80)}'` }),
    where: part,
  });
}
