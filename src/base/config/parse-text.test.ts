import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBoolean, parseNumber } from "./parse-text.ts";

describe("parseNumber", () => {
  it("reads back every finite number that was written", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parseNumber(String(value)) === value).toBe(true);
      }),
      { seed: 1 },
    );
  });

  it.each(["", " ", "abc", "0x10", "1,5", "1e999", "Infinity", "NaN", "3px"])("refuses %o", (text) => {
    expect(parseNumber(text)).toBeUndefined();
  });
});

describe("parseBoolean", () => {
  it.each([
    ["true", true],
    ["1", true],
    ["False", false],
    ["0", false],
    ["yes", undefined],
    ["", undefined],
  ])("reads %o as %s", (text, value) => {
    expect(parseBoolean(text)).toBe(value);
  });
});
