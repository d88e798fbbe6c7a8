import { describe, expect, it } from "vitest";
import type { ParamValue } from "./param-value.ts";
import { parseYaml, writeYaml } from "./yaml.ts";

const read = (text: string): ParamValue => parseYaml(text, "a file");
const wordOf = (word: string): ParamValue | undefined => {
  const map = read(`a: ${word}`);
  return map instanceof Map ? map.get("a") : undefined;
};

describe("a plain word", () => {
  it.each<[string, ParamValue]>([
    ["1", 1n],
    ["+5", 5n],
    ["-0x1F", -31n],
    ["0o17", 15n],
    ["010", 10n],
    ["0b11", 3n],
    ["1_000", 1000n],
    ["123456789012345678901234567890", 123456789012345678901234567890n],
    ["1.0", 1],
    ["5.", 5],
    [".5", 0.5],
    ["1e5", 100000],
    ["1e-07", 1e-7],
    ["1_0.5_0", 10.5],
    [".5e+5", 50000],
    ["-.Inf", Number.NEGATIVE_INFINITY],
    [".NaN", Number.NaN],
    ["True", true],
    ["~", null],
    ["Null", null],
    ["", null],
    ["yes", "yes"],
    ["on", "on"],
    ["1:30", "1:30"],
    [".5e5", ".5e5"],
    ["_1", "_1"],
    ["0o8", "0o8"],
    ["1e5_", "1e5_"],
    ["+.nan", "+.nan"],
    ["'1'", "1"],
    ['"true"', "true"],
    ["!!str 1", "1"],
  ])("%s is read as ruamel.yaml reads it", (word, value) => {
    expect(wordOf(word)).toEqual(value);
  });

  it.each([
    ["a: 2024-01-01", "got the date 2024-01-01 (a file)"],
    ["a: !!int '3'", "got the tag tag:yaml.org,2002:int (a file)"],
    ["a: =", "got the word '=' (a file)"],
    ["- &a [*a]", "got the alias *a (a file)"],
    ["<<: 1", "Expected mappings under the key <<; got something else (a file)"],
  ])("%s is refused", (text, message) => {
    expect(() => read(text)).toThrowError(expect.objectContaining({ code: "DATA_FILE_INVALID" }));
    expect(() => read(text)).toThrow(message);
  });
});

describe("a document", () => {
  it("has each key once", () => {
    expect(() => read("a: 1\na: 2")).toThrowError(expect.objectContaining({ code: "DATA_FILE_INVALID" }));
  });

  it("merges maps, whose own keys win", () => {
    const value = read("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3") as ReadonlyMap<string, ParamValue>;
    expect(value.get("y")).toEqual(
      new Map([
        ["b", 3n],
        ["a", 1n],
      ]),
    );
  });

  it("may not grow without bound by aliases, nor be nested without bound", () => {
    const bomb = Array.from({ length: 9 }, (_, at) => `a${at}: &a${at} [${Array(9).fill(at ? `*a${at - 1}` : "x")}]`);
    expect(() => read(bomb.join("\n"))).toThrow("at most 1000000 values");
    expect(() => read("- ".repeat(1000))).toThrowError(expect.objectContaining({ code: "DATA_FILE_INVALID" }));
  });

  it("keeps keys that are numbers, and writes them as such", () => {
    expect(writeYaml(read("a: {1: x, '2': y, 1.50: z, true: t, ~: n}"))).toBe(
      "a:\n  1: x\n  '2': y\n  1.5: z\n  true: t\n  null: n\n",
    );
  });

  it("writes a value that is used twice as an anchor and an alias", () => {
    expect(writeYaml(read("a: &A {x: 1}\nb: *A"))).toBe("a: &id001\n  x: 1\nb: *id001\n");
  });
});

describe("a text", () => {
  const long = "a name of many words that is longer than eighty characters in total so that it is folded";
  it.each([
    ["plain", "plain"],
    ["1e5", "'1e5'"],
    ["2024-01-01", "'2024-01-01'"],
    ["yes", "yes"],
    ["it's", "it's"],
    ["#x", "'#x'"],
    ["'#x", '"\'#x"'],
    ["trail ", "'trail '"],
    ["a: b", "'a: b'"],
    ["", "''"],
    ["tab\tx", '"tab\\tx"'],
    ["\0\x07\ufeff", '"\\0\\a\\uFEFF"'],
    ["line1\nline2\n", '"line1\\nline2\\n"'],
    ["ünï 日本 😀", "ünï 日本 😀"],
    [long, "a name of many words that is longer than eighty characters in total so \n  that it is folded"],
    ["x".repeat(90), `\n  ${"x".repeat(90)}`],
  ])("%j is written as %s", (value, written) => {
    expect(writeYaml(new Map([["path", value]]))).toBe(`path: ${written}\n`);
  });
});
