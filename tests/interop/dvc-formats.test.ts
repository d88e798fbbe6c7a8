/** YAML and JSON of generated values, and edits of generated files: ours against DVC's, byte for byte. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { ParamMap, ParamValue } from "../../src/versioning/formats/param-value.ts";
import { pythonJson } from "../../src/versioning/formats/python-json.ts";
import { parseYaml, writeYaml } from "../../src/versioning/formats/yaml.ts";
import { parseEditable, writeEditable } from "../../src/versioning/formats/yaml-edit.ts";
import { applyDifference } from "../../src/versioning/formats/yaml-node.ts";
import { type DvcFormats, findDvcFormats, tagged } from "../support/dvc-formats.ts";

const peer = await findDvcFormats();
afterAll(() => peer?.close());

const numRuns = Number(process.env.RUNS ?? 300);
async function dvc(...question: Parameters<DvcFormats["ask"]>): Promise<unknown> {
  const { value, error } = await peer!.ask(...question); // the tests are skipped without it
  if (error !== undefined) throw new Error(error);
  return value;
}

/** What names, commands and parameters have in them, and what a YAML writer may trip over. */
const pieces = [
  ...["a", "b c", "word", "longer-word", "Ünïcödé", "日本", "😀", "é\u0301", "x".repeat(30), "y".repeat(85)],
  ...[
    " ",
    "  ",
    ":",
    ": ",
    " #",
    "#",
    "'",
    '"',
    "\\",
    "-",
    "- ",
    "---",
    "...",
    "?",
    "? ",
    ",",
    ", ",
    "[",
    "]",
    "{",
    "}",
  ],
  ...["&", "*", "!", "|", ">", "%", "@", "`", "~", "=", "<<", "\t", "\n", "\n ", " \n", "\n\n", "\r", "\r\n", "\0"],
  ...[
    "\x07",
    "\x1b",
    "\x7f",
    "\x80",
    "\x85",
    "\xa0",
    "\xad",
    "\u200b",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ufffe",
    "\u{10ffff}",
  ],
  ...["0", "1", "10", "1_000", ".5", "1.", "1e5", "1e-07", "0x1F", "0o17", "0b1", "+1", "_", ".inf", "-.inf", ".nan"],
  ...["1:30", "2024-01-01", "2024-01-01T10:20:30Z", "null", "Null", "true", "True", "yes", "no", "on", "off", "y", "N"],
];
const text = fc.oneof(
  fc.constantFrom(...pieces),
  fc.array(fc.constantFrom(...pieces), { maxLength: 4 }).map((parts) => parts.join("")),
  fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join("")),
  fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(" ")),
  fc
    .array(fc.constantFrom("a", "of", "words", "punctuation,", "that's"), { maxLength: 60 })
    .map((all) => all.join(" ")),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const number = fc.oneof(
  fc.double(),
  fc.integer().map((one) => one / 100),
  fc.constantFrom(0, -0, 1e16, 1e15, 9999999999999998, 1e-4, 1e-5, 5e-324, Number.NaN, Number.POSITIVE_INFINITY),
);
const plain = fc.oneof(
  text,
  number,
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
  fc.boolean(),
  fc.constant(null),
);
const { value } = fc.letrec<{ value: ParamValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    plain,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(text, tie("value")), { maxLength: 4, selector: ([key]) => key }).map((all) => new Map(all)),
  ),
}));
const map = fc
  .uniqueArray(fc.tuple(text, value), { maxLength: 5, selector: ([key]) => key })
  .map((all) => new Map(all));

describe.skipIf(peer === undefined)("values", () => {
  it("are written as DVC writes them", async () => {
    await fc.assert(
      fc.asyncProperty(map, async (one) => {
        expect(writeYaml(one)).toBe(await dvc("dump", tagged(one)));
      }),
      { numRuns },
    );
  });

  it("are read as DVC reads them", async () => {
    await fc.assert(
      fc.asyncProperty(map, async (one) => {
        const written = String(await dvc("dump", tagged(one)));
        const { value: read, error } = await peer!.ask("load", written); // the tests are skipped without it
        // DVC does not read all that it writes: some separators of lines, and keys that it folded.
        fc.pre(error === undefined && !/[\u0085\u2028\u2029]/.test(written));
        expect(tagged(parseYaml(written, "a file"))).toEqual(read);
      }),
      { numRuns },
    );
  });

  it("are JSON as Python's", async () => {
    await fc.assert(
      fc.asyncProperty(value, async (one) => {
        expect(pythonJson(one, { sortKeys: true })).toBe(await dvc("json", tagged(one)));
      }),
      { numRuns },
    );
  });
});

/** Entries of a `.dvc` file as people write them: any order, comments, blank lines, quotes, indentation. */
const comment = fc.constantFrom(
  "",
  "",
  "",
  "  # here",
  " # two words",
  "   #x",
  "\n",
  "\n\n",
  "\n# line",
  "\n    # in",
  " # a\n# b\n",
);
const handWritten = fc.constantFrom(
  ...["md5: 562ee692a592790b08e880eff9046f72.dir", "size: 4", "nfiles: 2", "hash: md5", "push: false", "cache: False"],
  ...["desc: hello", "desc: 'it is'", 'desc: "a: b"', "desc: |\n  two\n  lines", "desc: >-\n  folded\n  lines"],
  ...["labels: [x, y]", "labels: [ x,y , 'z' ]", "labels:\n- x\n- y", "labels:\n  - x\n  - y", "labels: []"],
  ...[
    "type: dataset",
    "meta: {a: 1, b: [x]}",
    "meta:\n  a: 1.50\n  b: 0x1F\n  c: ~\n  d: .Inf",

    "remote: 's3'",
  ],
  ...["meta:\n      deep:\n          - 1\n          - b: 2\n            c: 3", "isexec: True"],
);
const keyOf = (line: string): string => line.split(":")[0]!;
const output = fc
  .tuple(
    fc.uniqueArray(handWritten, { maxLength: 6, selector: keyOf }),
    fc.array(comment, { minLength: 7, maxLength: 7 }),
    fc.nat(6),
  )
  .map(([lines, comments, at]) => {
    const all = lines.toSpliced(at, 0, "path: d");
    return all.map((line, index) =>
      (/[|>{[]|\n/.test(line) ? line : line + comments[index]).replaceAll("\n", "\n    "),
    );
  });
const dvcText = fc
  .tuple(
    fc.constantFrom(
      "",
      "# a comment\n",
      "\n# a\n\n",
      "desc: my data\n",
      "meta:\n  owner: me   # inline\n",
      "# x\ndesc: y # z\n\n",
    ),
    comment,
    fc.array(output, { minLength: 1, maxLength: 2 }),
    fc.constantFrom("", "  "),
    fc.constantFrom("", "frozen: true\n", "wdir: ..   # up\n", "# the end\n", "\n\n"),
  )
  .map(([head, behind, outs, indent, tail]) => {
    const entries = outs.map((lines) =>
      lines.map((line, at) => `${indent}${at === 0 ? "- " : "  "}${line.replaceAll("\n    ", `\n${indent}  `)}`),
    );
    return `${head}outs:${behind}\n${entries.flat().join("\n")}\n${tail}`.replace(/^ +$/gm, "");
  });
const change = fc.record(
  {
    md5: fc.constant("0123456789abcdef0123456789abcdef.dir"),
    size: fc.constantFrom(4n, 5n),
    nfiles: fc.constantFrom(2n, 3n, undefined),
    hash: fc.constant("md5"),
    push: fc.constantFrom(false, undefined),
    desc: fc.constantFrom("new", "two\nlines\n", undefined),
    labels: fc.constantFrom<(readonly string[] | undefined)[]>(["x", "z"], ["a"], undefined),
    meta: fc.constantFrom<(ParamMap | undefined)[]>(new Map([["a", 1n]]), undefined),
  },
  { requiredKeys: [] },
);

describe.skipIf(peer === undefined)("edits", () => {
  it("of .dvc files leave what DVC leaves", async () => {
    await fc.assert(
      fc.asyncProperty(dvcText, change, async (old, changes) => {
        const { value: read } = await peer!.ask("load", old); // the tests are skipped without it
        // A comment below a flow collection belongs to the end of the map for DVC.
        fc.pre(read !== undefined && !/[\]}]\n\s*(#|\n)/.test(old));
        const value = parseYaml(old, "a file") as ParamMap; // of such a form by its making
        const outs = (value.get("outs") as readonly ParamMap[]).map((one, at) => {
          const changed = new Map(one);
          for (const [key, to] of Object.entries(changes)) {
            if (at > 0) continue;
            if (to === undefined) changed.delete(key);
            else changed.set(key, to);
          }
          return changed;
        });
        const next = new Map<string, ParamValue>([...value, ["outs", outs]]);
        const editable = parseEditable(old, "a file");
        applyDifference(next, editable.root);
        expect(writeEditable(editable)).toBe(await dvc("edit", old, tagged(next)));
      }),
      { numRuns },
    );
  });
});
