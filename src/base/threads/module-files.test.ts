import { expect, it } from "vitest";
import { limitingLine } from "./module-files.ts";

it("limits the files that modules are loaded from only where the process may open few", () => {
  expect(limitingLine(1024)).toBe("");
  expect(limitingLine(128)).toContain('{"data":{"atOnce":44}}');
  expect(limitingLine(20)).toContain('{"data":{"atOnce":1}}');
});
