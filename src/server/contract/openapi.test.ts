import { expect, it } from "vitest";
import { routes } from "./contract.ts";
import { openApiDocument } from "./openapi.ts";

type Json = Readonly<Record<string, unknown>>;

const publicRoutes = routes.filter(({ scope }) => scope !== "admin");
const documentOf = (isProtected: boolean) =>
  openApiDocument(publicRoutes, { version: "1.2.3", isProtected, model: { name: "pets", version: "0a1b" } });

const operationsOf = (document: ReturnType<typeof documentOf>) =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, operation: operation as Json })),
  );

it("describes every route once, with its own name", () => {
  const operations = operationsOf(documentOf(false));
  expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
    publicRoutes.map(({ path, method }) => `${method} ${path}`).sort(),
  );
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(documentOf(false)).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
});

it("names each part of a path as a parameter that is required", () => {
  for (const { path, operation } of operationsOf(documentOf(false))) {
    const parameters = (operation.parameters ?? []) as readonly Json[];
    const inPath = parameters.filter((one) => one.in === "path");
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
    expect(inPath.every(({ required }) => required === true)).toBe(true);
  }
});

it("refers only to what it holds, and is plain JSON", () => {
  const document = documentOf(true);
  const text = JSON.stringify(document);
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(structuredClone(JSON.parse(text)))));
  const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
  expect(references.length).toBeGreaterThan(20);
  for (const path of references) {
    const found = path.split("/").reduce<unknown>((at, part) => (at as Json)[part], document);
    expect(found).toBeTypeOf("object");
  }
});

it("says for every route what it may refuse with", () => {
  for (const { operation } of operationsOf(documentOf(false))) {
    const statuses = Object.keys(operation.responses as object);
    expect(statuses).toEqual(expect.arrayContaining(["200", "400", "500"]));
  }
});

it("asks for a key where callers need one, and nowhere else", () => {
  for (const { operation, path } of operationsOf(documentOf(true))) {
    const isGuarded = publicRoutes.some((route) => route.path === path && route.scope === "predict");
    expect("security" in operation).toBe(isGuarded);
    expect("401" in (operation.responses as object)).toBe(isGuarded);
  }
  for (const { operation } of operationsOf(documentOf(false))) {
    expect("security" in operation).toBe(false);
    expect("401" in (operation.responses as object)).toBe(false);
  }
});
