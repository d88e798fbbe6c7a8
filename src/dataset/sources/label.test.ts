import { describe, expect, it } from "vitest";
import { quoted, readLabel } from "./label.ts";

describe("a label", () => {
  it.each([
    ["cat", "cat"],
    [" guinea pig\t", "guinea pig"],
    ["Be\u0301be\u0301", "B\u00e9b\u00e9"],
    ["🐱👩‍👩‍👧", "🐱👩‍👩‍👧"],
    ["..x", "..x"],
    ["é".repeat(127), "é".repeat(127)],
  ])("may be %j", (text, label) => {
    expect(readLabel(text)).toEqual({ label });
  });

  it.each([
    ["", "an empty label"],
    [" \n ", "an empty label"],
    ["é".repeat(128), `label '${"é".repeat(40)}...' of 256 bytes, more than 255`],
    ["two\nlines", "label 'two\\nlines' with a line break or a control character"],
    ["\u001b[31mred", "label '\\u001b[31mred' with a line break or a control character"],
    ["half \ud83d", "label 'half \\ud83d' with a line break or a control character"],
    ["..", "label '..', which cannot be the name of a folder"],
    ["../up", "label '../up', which cannot be the name of a folder"],
    ["a\\b", "label 'a\\\\b', which cannot be the name of a folder"],
  ])("is not %j", (text, fault) => {
    expect(readLabel(text)).toEqual({ fault });
  });

  it("of any length is shown in one short line", () => {
    expect(quoted("x".repeat(1000))).toBe(`'${"x".repeat(40)}...'`);
    expect(quoted("🐱".repeat(41), 40)).toBe(`'${"🐱".repeat(40)}...'`);
    expect(quoted('a "b"\r')).toBe("'a \"b\"\\r'");
  });
});
