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
    ["", "its label is empty"],
    [" \n ", "its label is empty"],
    ["é".repeat(128), `its label '${"é".repeat(40)}...' has 256 bytes, more than 255`],
    ["two\nlines", "its label 'two\\nlines' holds a line break or a control character"],
    ["\u001b[31mred", "its label '\\u001b[31mred' holds a line break or a control character"],
    ["half \ud83d", "its label 'half \\ud83d' holds a line break or a control character"],
    ["..", "its label '..' could not be the name of a folder"],
    ["../up", "its label '../up' could not be the name of a folder"],
    ["a\\b", "its label 'a\\\\b' could not be the name of a folder"],
  ])("is not %j", (text, fault) => {
    expect(readLabel(text)).toEqual({ fault });
  });

  it("of any length is shown in one short line", () => {
    expect(quoted("x".repeat(1000))).toBe(`'${"x".repeat(40)}...'`);
    expect(quoted("🐱".repeat(41), 40)).toBe(`'${"🐱".repeat(40)}...'`);
    expect(quoted('a "b"\r')).toBe("'a \"b\"\\r'");
  });
});
