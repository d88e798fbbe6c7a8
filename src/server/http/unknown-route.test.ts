import { expect, it } from "vitest";
import { routes } from "../contract/contract.ts";
import { methodsOf } from "./unknown-route.ts";

const methods = methodsOf(routes);

it.each([
  ["/predict", ["POST"]],
  ["/predict?top_k=3", ["POST"]],
  ["/health", ["GET", "HEAD"]],
  ["/openapi.json", ["GET", "HEAD"]],
  ["/openapiXjson", []],
  ["/v2/models/any/infer", ["POST"]],
  ["/v2/models/a/b/infer", []],
  ["/v2/models//infer", []],
  ["/v2/models/stats", ["GET", "HEAD"]],
  ["/nothing", []],
  ["/", []],
])("knows the methods of %s", (url, expected) => {
  expect(methods(url)).toEqual(expected);
});
