import { expect, it } from "vitest";
import { parse } from "yaml";
import { yamlText } from "./yaml-text.ts";

it("keeps every text a text, for readers of YAML 1.1 and 1.2", () => {
  const texts = [
    "no",
    "1e34",
    "1:30",
    "2026-01-02",
    "~",
    "",
    " ",
    "a: b",
    "# c",
    "- d",
    "'\"",
    "\\ud800",
    "é 🦊",
    "\n\t\0",
  ];
  for (const version of ["1.1", "1.2"] as const) expect(parse(yamlText({ texts }), { version })).toEqual({ texts });
});

it("writes as escapes what ends a line or is refused elsewhere, and no half characters", () => {
  const text = yamlText({ texts: ["\u007f\u0085\u009b\u2028\u2029\ufeff\uffff", "\ud800", "\\\udfff"] });
  expect(text).not.toMatch(/[\u007f-\u009f\u2028\u2029\ufeff\uffff\p{Surrogate}]/u);
  expect(parse(text)).toEqual({ texts: ["\u007f\u0085\u009b\u2028\u2029\ufeff\uffff", "\ufffd", "\\\ufffd"] });
});

it("leaves numbers, null and booleans as they are", () => {
  expect(yamlText({ a: 1, b: null, c: false, d: [-1, "x"] })).toBe('a: 1\nb: null\nc: false\nd:\n  - -1\n  - "x"\n');
});
