/**
 * The OpenAPI 3.1 document of the service, made from the table of routes. Source:
 * https://spec.openapis.org/oas/v3.1.0
 */
import type { TSchema } from "typebox";
import { type ErrorCode, errorTable, httpStatusOf } from "../../base/errors.ts";
import { jsonSchemaOf } from "../../base/schema/json-schema.ts";
import { type ExampleModel, exampleParameter } from "./examples.ts";
import {
  type BinaryContent,
  type Content,
  type ErrorForm,
  isBinary,
  type RouteAnswer,
  type RouteContract,
  routeGroups,
} from "./route.ts";

export interface OpenApiOptions {
  readonly version: string;
  /** Whether callers need a key or token. */
  readonly isProtected: boolean;
  /** The model that the examples name. */
  readonly model: ExampleModel | undefined;
}

/** A document of plain JSON. `routes` are those that the document is to hold. */
export function openApiDocument(routes: readonly RouteContract[], { version, isProtected, model }: OpenApiOptions) {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    paths[route.path] = operations;
    operations[route.method.toLowerCase()] = operationOf(route, isProtected, model);
  }
  const groups = new Set(routes.map(({ group }) => group));
  return {
    openapi: "3.1.0",
    info: {
      title: "Pawprint",
      version,
      description: "An image classifier as a service: pictures in, classes out.",
      license: { name: "MIT", identifier: "MIT" },
    },
    tags: [...groups].map((name) => ({ name, description: routeGroups[name] })),
    paths,
    components: {
      schemas: { Error: pawprintError, ProtocolError: protocolError, MlflowError: mlflowError },
      ...(isProtected && {
        securitySchemes: { key: { type: "http", scheme: "bearer", description: "an API key or a JSON Web Token" } },
      }),
    },
  };
}

const compression = "A body may be compressed, with the header content-encoding: gzip or deflate.";

function operationOf(route: RouteContract, isProtected: boolean, model: ExampleModel | undefined): object {
  const { id, group, summary, doc, scope, body, bodyIsOptional = false } = route;
  const needsKey = isProtected && scope !== "open";
  return {
    operationId: id,
    tags: [group],
    summary,
    ...(doc !== undefined && { description: doc }),
    ...parametersOf(route, model),
    ...(body && { requestBody: { description: compression, required: !bodyIsOptional, content: contentOf(body) } }),
    responses: { ...mapValues(route.answers, answerOf), ...errorResponses(route, needsKey) },
    ...(needsKey && { security: [{ key: [] }] }),
  };
}

function parametersOf({ params, query }: RouteContract, model: ExampleModel | undefined): object {
  const list = (schema: RouteContract["params"], place: "path" | "query") =>
    Object.entries<TSchema>(schema?.properties ?? {}).map(([name, part]) => {
      const { description, ...rest } = jsonSchemaOf(part);
      const example = place === "path" ? exampleParameter(name, model) : undefined;
      return {
        name,
        in: place,
        required: place === "path",
        ...(description !== undefined && { description }),
        schema: rest,
        ...(example !== undefined && { example }),
      };
    });
  const parameters = [...list(params, "path"), ...list(query, "query")];
  return parameters.length === 0 ? {} : { parameters };
}

function answerOf({ doc, content }: RouteAnswer): object {
  return { description: doc, ...(content && { content: contentOf(content) }) };
}

function contentOf(content: Content): Record<string, object> {
  return mapValues(content, (part, type) =>
    isBinary(part) ? { schema: binarySchema(type, part.doc), ...fileExample(type, part) } : jsonContent(part),
  );
}

function jsonContent(part: TSchema): object {
  const { examples, ...schema } = jsonSchemaOf(part);
  return { schema, ...(examples && { example: examples[0] }) };
}

/**
 * A file as a data URL, under an extension: `externalValue` would be the standard place, and Swagger
 * UI reports every address there that it cannot fetch. A form is filled with files by its reader.
 */
function fileExample(type: string, { example }: BinaryContent): object {
  if (example === undefined || type === "multipart/form-data") return {};
  const { mediaType, base64 } = example;
  return { "x-example-file": `data:${mediaType};base64,${base64}` };
}

/** Bytes, in the form that tools know from OpenAPI. */
function binarySchema(type: string, doc: string): object {
  const file = { type: "string", format: "binary" };
  if (type.startsWith("text/")) return { type: "string", description: doc };
  if (type !== "multipart/form-data") return { ...file, description: doc };
  return { type: "object", description: doc, properties: { file }, required: ["file"] };
}

/** Errors of any route, beside its own. */
const anywhere: readonly ErrorCode[] = ["REQUEST_INVALID", "INTERNAL"];
const whereKeysAre: readonly ErrorCode[] = ["UNAUTHENTICATED", "FORBIDDEN"];
const whereCallersCount: readonly ErrorCode[] = ["RATE_LIMITED"];

function errorResponses(
  { errors = [], errorForm, answers, scope }: RouteContract,
  needsKey: boolean,
): Record<string, object> {
  const codes = [
    ...errors,
    ...anywhere,
    ...(needsKey ? whereKeysAre : []),
    ...(scope === "open" ? [] : whereCallersCount),
  ];
  const statuses = new Set(codes.map(httpStatusOf));
  const responses: Record<string, object> = {};
  for (const status of statuses) {
    if (status in answers) continue;
    responses[status] = {
      description: sameStatus(codes, status)
        .map((code) => `${code}: ${errorTable[code].when}`)
        .join("; "),
      content: { "application/json": { schema: { $ref: `#/components/schemas/${schemaNames[errorForm]}` } } },
    };
  }
  return responses;
}

const schemaNames: Readonly<Record<ErrorForm, string>> = {
  pawprint: "Error",
  "open-inference": "ProtocolError",
  mlflow: "MlflowError",
};

const text = { type: "string" } as const;
const pawprintError = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "kind", "message", "request_id"],
      properties: { code: text, kind: text, message: text, where: text, hint: text, request_id: text },
    },
  },
};
const protocolError = { type: "object", required: ["error"], properties: { error: text } };
const mlflowError = {
  type: "object",
  required: ["error_code", "message"],
  properties: { error_code: text, message: text },
};

function mapValues<T, U>(values: Readonly<Record<string, T>>, change: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]));
}

function sameStatus(codes: readonly ErrorCode[], status: number): readonly ErrorCode[] {
  return [...new Set(codes)].filter((code) => httpStatusOf(code) === status);
}
