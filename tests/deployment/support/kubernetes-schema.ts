/**
 * Checks objects against the OpenAPI document of a Kubernetes server, more strictly than a server:
 * an unknown field is a fault.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { Ajv } from "ajv";
import { customResources } from "./custom-resources.ts";
import { type Manifest, nameOf, type Tree } from "./manifest.ts";

const path = join(
  process.env.PAWPRINT_TEST_DATA ?? resolve("..", "shared", "data"),
  "kubernetes-1.33-openapi-v2.json.gz",
);

/** Why objects cannot be checked here, or undefined. */
export const schemaMissing = existsSync(path) ? undefined : `${path} is not there`;

interface Definition extends Tree {
  readonly properties?: Tree;
  readonly "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[];
}

/** The check: what is wrong with an object, one line for each fault, none where it is right. */
export function createSchemaCheck(): (manifest: Manifest) => string[] {
  const document = JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")) as {
    readonly definitions: Readonly<Record<string, Definition>>;
  };
  const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true, validateFormats: true });
  for (const format of ["int32", "int64", "double", "byte"]) ajv.addFormat(format, true);
  ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  const definitions: Record<string, unknown> = {};
  const names = new Map<string, string>();
  for (const [name, definition] of Object.entries(document.definitions)) {
    definitions[name] = strictDefinition(name, definition);
    const kinds = definition["x-kubernetes-group-version-kind"] ?? [];
    // Options and lists name several kinds.
    if (kinds.length !== 1) continue;
    for (const { group, version, kind } of kinds) {
      names.set(`${group === "" ? "" : `${group}/`}${version} ${kind}`, `schema:kubernetes#/definitions/${name}`);
    }
  }
  ajv.addSchema({ $id: "schema:kubernetes", definitions });
  for (const [key, schema] of Object.entries(customResources)) {
    const id = `schema:${key.replace(" ", "/")}`;
    ajv.addSchema({ ...schema, $id: id });
    names.set(key, id);
  }
  return (manifest) => {
    const name = names.get(`${manifest.apiVersion} ${manifest.kind}`);
    if (name === undefined) return [`${nameOf(manifest)}: no such kind as ${manifest.apiVersion} ${manifest.kind}`];
    const validate = ajv.getSchema(name);
    if (validate === undefined) throw new Error(`no schema ${name}`);
    if (validate(manifest)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const field = "additionalProperty" in params ? ` '${params.additionalProperty}'` : "";
      return `${nameOf(manifest)}: ${instancePath || "/"} ${message}${field}`;
    });
  };
}

/** Kubernetes' notation as JSON Schema: closed objects, numbers or text where it says so. */
function strictDefinition(name: string, definition: Definition): Tree {
  // Any JSON: values of schemas and raw objects.
  if (definition.type === undefined && definition.properties === undefined) return {};
  if (name.endsWith(".Quantity")) return { type: ["string", "number"] };
  if (definition.format === "int-or-string") return { type: ["string", "integer"] };
  return strict(definition);
}

function strict(schema: Tree): Tree {
  const kept = Object.entries(schema).filter(([key]) => !key.startsWith("x-kubernetes-") && key !== "description");
  const result: Record<string, unknown> = Object.fromEntries(kept);
  // A default is text for the reader here, and stands beside $ref, where it means nothing.
  delete result.default;
  const { properties, items, additionalProperties } = schema;
  if (isTree(properties)) {
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([key, part]) => [key, strict(part as Tree)]),
    );
    result.type = "object";
    result.additionalProperties = false;
  }
  if (isTree(items)) result.items = strict(items);
  if (isTree(additionalProperties)) result.additionalProperties = strict(additionalProperties);
  return result;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null;
}
