import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { parseJson } from "./json-values.ts";

describe("JSON with Python's numbers", () => {
  it("keeps integers and floats apart, and the order of names", () => {
    const text = '{"2": 1, "1": [1.0, 1E5, -0.0, 12345678901234567890], "s": "n1", "__proto__": null, "2": true}';
    expect([...(parseJson(text, "x") as ReadonlyMap<string, unknown>)]).toEqual([
      ["2", true],
      ["1", [1, 100000, -0, 12345678901234567890n]],
      ["s", "n1"],
      ["__proto__", null],
    ]);
    expect(parseJson("[NaN, Infinity, -Infinity]", "x")).toEqual([Number.NaN, Infinity, -Infinity]);
    expect(parseJson('\t{"a":\n\t"\\u00e9\\/\\ud83d\\ude00"}', "x")).toEqual(new Map([["a", "é/😀"]]));
  });

  it("reads what JSON.parse reads", () => {
    const plain = (value: unknown): unknown => {
      if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, plain(one)]));
      return Array.isArray(value) ? value.map(plain) : typeof value === "bigint" ? Number(value) : value;
    };
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(JSON.stringify(plain(parseJson(text, "x")))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it("refuses everything else, in words about the text that was given", () => {
    for (const text of [
      "",
      "01",
      "1.",
      ".5",
      "1e",
      "[1,]",
      "{a: 1}",
      "{1: 2}",
      "{NaN: 1}",
      "[NaNs]",
      '"a\nb"',
      "'a'",
      "nan",
    ]) {
      expect(
        failureOf(() => parseJson(text, "m.json")),
        text,
      ).toMatchObject({ code: "DATA_FILE_INVALID" });
    }
    expect(failureOf(() => parseJson("[1 2]", "m.json")).message).not.toContain("n1");
    expect(failureOf(() => parseJson("[".repeat(500) + "]".repeat(500), "m.json")).message).toContain("levels");
    expect(failureOf(() => parseJson("9".repeat(5000), "m.json")).message).toContain("digits");
  });
});
