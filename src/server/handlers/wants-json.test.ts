import { expect, it } from "vitest";
import { wantsJson } from "./wants-json.ts";

it.each([
  [undefined, false],
  ["", false],
  ["*/*", false],
  ["text/plain", false],
  ["application/json", true],
  ["Application/JSON; charset=utf-8", true],
  ["application/json, text/plain, */*", true],
  ["text/plain, application/json", false],
  ["text/plain;q=0.5, application/json", true],
  ["application/json;q=0.2, text/plain;q=0.9", false],
  ["application/json;q=0", false],
  ["application/json;q=x", false],
])("reads %j", (accept, wanted) => {
  expect(wantsJson(accept)).toBe(wanted);
});
