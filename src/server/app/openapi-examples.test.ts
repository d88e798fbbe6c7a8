/**
 * Every example of the OpenAPI document is a request that the service answers: each operation is
 * called as the document says, with each kind of body that it lists.
 */
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digitModel, petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { routes } from "../contract/contract.ts";
import { openApiDocument } from "../contract/openapi.ts";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly example?: unknown;
}

interface MediaType {
  readonly schema: {
    readonly properties?: Readonly<Record<string, { readonly format?: string }>>;
    readonly required?: readonly string[];
  };
  readonly example?: unknown;
  readonly "x-example-file"?: string;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface ExampleRequest {
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload?: Buffer;
}

/** All requests of a document; one for each kind of body. */
async function examplesIn({ paths }: Document): Promise<readonly ExampleRequest[]> {
  const requests: ExampleRequest[] = [];
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const request = {
        name: operation.operationId,
        method: method.toUpperCase() as ExampleRequest["method"],
        url: path.replace(/\{(\w+)\}/g, (_, name: string) => parameterOf(operation, name)),
        headers: {},
      };
      if (operation.requestBody === undefined) requests.push(request);
      for (const type of Object.keys(operation.requestBody?.content ?? {})) {
        const { payload, contentType } = await bodyOf(operation, type);
        const headers = { "content-type": contentType };
        requests.push({ ...request, name: `${request.name} with ${type}`, headers, payload });
      }
    }
  }
  return requests;
}

function parameterOf({ operationId, parameters = [] }: Operation, name: string): string {
  const example = parameters.find((one) => one.in === "path" && one.name === name)?.example;
  if (example === undefined) throw new Error(`${operationId}: no example of the parameter ${name}`);
  return encodeURIComponent(String(example));
}

async function bodyOf({ operationId, requestBody }: Operation, type: string) {
  const { schema, example, "x-example-file": file } = requestBody!.content[type]!;
  if (type === "application/json") {
    if (example === undefined) throw new Error(`${operationId}: no example of JSON`);
    return { payload: Buffer.from(JSON.stringify(example)), contentType: type };
  }
  if (file !== undefined) {
    const answer = await fetch(file);
    const payload = Buffer.from(await answer.arrayBuffer());
    return { payload, contentType: type.includes("*") ? answer.headers.get("content-type")! : type };
  }
  if (type !== "multipart/form-data") throw new Error(`${operationId}: no example of ${type}`);
  // The file that a person would choose is the one of the same operation's example.
  const picture = requestBody!.content["image/*"]!["x-example-file"]!;
  const form = new FormData();
  for (const name of schema.required ?? []) {
    expect(schema.properties?.[name]?.format).toBe("binary");
    form.set(name, await (await fetch(picture)).blob(), "example.png");
  }
  const packed = new Response(form);
  return { payload: Buffer.from(await packed.arrayBuffer()), contentType: packed.headers.get("content-type")! };
}

async function statusesOf(app: FastifyInstance, document: Document): Promise<Readonly<Record<string, number>>> {
  const statuses: Record<string, number> = {};
  for (const { name, ...request } of await examplesIn(document)) {
    statuses[name] = (await app.inject(request)).statusCode;
  }
  return statuses;
}

// What the examples take for granted: a model of a network with a feature map, for /explain, and
// sample pictures, for /samples/0.
describe.each([
  ["a model of coloured pictures", petModel],
  ["a model of grey pictures", digitModel],
])("with %s", (_, model) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await startService(model, { adminPort: 0 });
  });
  afterAll(() => service.close());

  it("every example of the document is answered 200", async () => {
    const { app } = service.server;
    const document: Document = (await app.inject("/openapi.json")).json();
    const statuses = await statusesOf(app, document);
    // What follows an answer is about a request of before, which an example does not have.
    const following = new Set<string>(routes.filter(({ follows }) => follows !== undefined).map(({ id }) => id));
    const expected = Object.keys(statuses).map((name) => [name, following.has(name.split(" ")[0]!) ? 404 : 200]);
    expect(statuses).toEqual(Object.fromEntries(expected));
    const bodies = routes
      .filter(({ scope }) => scope !== "admin")
      .map(({ body }) => Object.keys(body ?? {}).length || 1);
    expect(Object.keys(statuses)).toHaveLength(bodies.reduce((sum, one) => sum + one));
    expect((await app.inject("/docs/json")).json()).toEqual(document);
  });

  it("every example of an admin route is answered 200", async () => {
    const adminRoutes = routes.filter(({ scope }) => scope === "admin");
    const document = openApiDocument(adminRoutes, { version: "1.2.3", isProtected: false, model: undefined });
    const statuses = await statusesOf(service.server.adminApp, JSON.parse(JSON.stringify(document)));
    expect(statuses).toEqual({ adminModels: 200, adminReload: 200, "adminCanary with application/json": 200 });
  });
});

it("a route without an example, or with one that is no valid request, is found", async () => {
  const operation = { operationId: "x", requestBody: { content: { "application/json": { schema: {} } } } };
  await expect(examplesIn({ paths: { "/x": { post: operation } } })).rejects.toThrow("x: no example of JSON");
  const nameless = { operationId: "y", parameters: [{ name: "model", in: "path", required: true }] };
  await expect(examplesIn({ paths: { "/y/{model}": { get: nameless } } })).rejects.toThrow(
    "no example of the parameter",
  );
});
