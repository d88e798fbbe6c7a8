import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { formatMeta, parseMeta } from "./meta-yaml.ts";

const texts = [
  ...[
    "",
    " ",
    "null",
    "true",
    "No",
    "y",
    "~",
    "1",
    "1e34",
    "0x1f",
    "-",
    "- a",
    "a: b",
    "a #b",
    "#a",
    "'",
    "''",
    "it's",
  ],
  ...['"', "[]", "{}", "&a", "*a", "!a", "%a", "@a", "`a`", "a\nb", "a\r\nb", "\t", "größe 🐕", "a\u0085b\u2028\ufeff"],
  ...["\x07\x7f", "a:", "?", "a ", "---", "...", "2026-01-01", "1:30", "x".repeat(500), "back\\slash", '{"a": "b\\n"}'],
];

describe("meta.yaml", () => {
  it.each(texts)("keeps the text %j", (text) => {
    const written = formatMeta({ before: 1, text, zero: null });
    expect(parseMeta(written)?.get("text")).toBe(text);
    // As a YAML 1.1 parser, such as PyYAML, reads it.
    expect(parse(written, { version: "1.1" })).toEqual({ before: 1, text, zero: null });
    const nested = formatMeta({ tags: new Map([[text, text]]) });
    expect(parseMeta(nested)?.get("tags")).toEqual(new Map([[text, text]]));
  });

  it("reads ids as text, nulls as null, and mappings", () => {
    const meta = parseMeta(
      "id: 1e345678\nnone: null\nquoted: 'null'\nlist: []\ntags:\n  a: 1\n  b: null\nlong: a\n  b\n",
    );
    expect([...(meta ?? [])]).toEqual([
      ["id", "1e345678"],
      ["none", null],
      ["quoted", "null"],
      ["list", null],
      ["tags", new Map([["a", "1"], ["b", ""]])], // biome-ignore format: two tags
      ["long", "a b"],
    ]);
  });

  it.each(["", "text", "- a\n- b\n", "a: 'b\n", "a: b: c\n", "\0", "{", "a: [\n"])("is none: %j", (text) => {
    expect(parseMeta(text)).toBeUndefined();
  });

  it("does not grow by aliases", () => {
    const bomb = `a: &a [x, x]\n${Array.from({ length: 30 }, (_, at) => `k${at}: &k${at} [*${at ? `k${at - 1}` : "a"}, *a]`).join("\n")}\n`;
    expect(parseMeta(bomb)?.get("k29")).toBe(null);
  });
});
