/** Stages of generated pipelines: ours against those that DVC reads, templates, foreach and matrix filled in. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { isAppError } from "../../src/base/errors.ts";
import type { ParamMap, ParamValue } from "../../src/versioning/formats/param-value.ts";
import { pythonJson } from "../../src/versioning/formats/python-json.ts";
import { writeYaml } from "../../src/versioning/formats/yaml.ts";
import { openWorkTree } from "../../src/versioning/repo/metadata-tree.ts";
import { openRepository } from "../../src/versioning/repo/open-repository.ts";
import { readStageParams } from "../../src/versioning/stages/params-file.ts";
import { readStages } from "../../src/versioning/stages/read-stages.ts";
import { findDvcFormats, tagged } from "../support/dvc-formats.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const peer = await findDvcFormats("dvc-stages.py");
afterAll(() => peer?.close());
const numRuns = Number(process.env.RUNS ?? 150);
const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) };

type Files = Readonly<Record<string, string>>;

function folderOf(files: Files): string {
  const folder = temporaryFolder("dvc-stages");
  for (const [path, text] of Object.entries({ ".dvc/config": "[core]\n    no_scm = True\n", ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** As dvc-stages.py gives them; the code where they are refused. */
async function ours(folder: string): Promise<unknown> {
  try {
    const tree = openWorkTree(await openRepository(folder));
    const rows = [];
    for (const stage of await readStages(tree)) {
      const values = await readStageParams(tree, stage);
      rows.push({
        name: stage.name,
        workFolder: stage.workFolder,
        cmd: stage.cmd,
        deps: stage.deps,
        params: stage.params.map(({ file, keys }) => [file, keys]),
        values: stage.params.map(({ file }) => {
          const all = values.get(file);
          return [file, all === undefined ? null : tagged(all)];
        }),
        outs: stage.outs.map(({ path, kind, isCached, isPersistent, isPushed, remote, plot }) => {
          const settings = plot === undefined ? null : tagged(plot);
          return { path, kind, isCached, isPersistent, isPushed, remote: remote ?? null, plot: settings };
        }),
        isFrozen: stage.isFrozen,
        alwaysChanged: stage.alwaysChanged,
        description: stage.description ?? null,
      });
    }
    return rows;
  } catch (error) {
    if (isAppError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
}

async function compare(files: Files): Promise<"read" | "refused"> {
  const folder = folderOf(files);
  const theirs = await peer!.ask("stages", folder); // the tests are skipped without it
  const own = await ours(folder);
  if (typeof own === "string") {
    if (own.startsWith("DATA_FEATURE_UNSUPPORTED")) return "refused";
    expect({ files, own, theirs: theirs.error ?? theirs.value }).toMatchObject({ theirs: expect.any(String) });
    return "refused";
  }
  expect(theirs.error ?? "", `we read ${files["dvc.yaml"]} ${files["params.yaml"]}`).toBe("");
  expect(own, JSON.stringify(files)).toEqual(theirs.value);
  return "read";
}

const names = ["a", "b", "lr", "list", "map", "deep", "n", "Ünï", "with space", "0", "item", "key"];
const plain: fc.Arbitrary<ParamValue> = fc.oneof(
  fc.constantFrom<ParamValue>("x", "two words", "it's", "", "1", "true", "${a}", "\\${a}", "é", "$HOME", 'q"q'),
  fc.constantFrom<ParamValue>(0n, 1n, -5n, 12345678901234567890n, 1, 2.5, 1e-7, 1e16, true, false, null),
);
const value = fc.letrec<{ any: ParamValue }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    plain,
    fc.array(plain, { maxLength: 3 }),
    fc.array(tie("any"), { maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...names), tie("any")), { maxLength: 4, selector: ([key]) => key })
      .map((pairs): ParamMap => new Map(pairs)),
  ),
})).any;
const mapping = (of: fc.Arbitrary<ParamValue>): fc.Arbitrary<ParamMap> =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), of), { maxLength: 7, selector: ([key]) => key })
    .map((pairs) => new Map(pairs));

const step = fc.constantFrom(...names);
const expression = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("a", "b", "lr", "map.a", "map.b", "list[0]", "item", "key", "item.a", "n") },
  { weight: 2, arbitrary: fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => steps.join(".")) },
  fc.tuple(step, fc.constantFrom("[0]", "[1]", "[-1]", "[ 0 ]", ".0", "[a]", ".a[0]", "[0].a")).map(([a, b]) => a + b),
  fc.constantFrom(" a ", "a ", " map . a ", "a.", ".a", "", "a..b", "a[", "a]", "[0]", "a[0", "list[x]", "a[0]b", "{a"),
);
const template = fc
  .tuple(fc.constantFrom("${", "${", "${", "${", "${", "\\${", "$${"), expression)
  .map(([a, b]) => `${a}${b}}`);
const text = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("x", "out.txt", "d/e", "plain text") },
  { weight: 2, arbitrary: template },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.oneof(template, fc.constantFrom("-", " ", "out", "/", "$", "}", "${", "\\")), {
        minLength: 1,
        maxLength: 4,
      })
      .map((parts) => parts.join("")),
  },
);

type Row = readonly [string, fc.Arbitrary<ParamValue>];
/** Of the keys, those that are there, in a drawn order. */
function chosen(required: readonly Row[], optional: readonly Row[]): fc.Arbitrary<ParamMap> {
  return fc
    .tuple(
      fc.tuple(...required.map(([key, of]) => fc.tuple(fc.constant(key), of))),
      fc.tuple(...optional.map(([key, of]) => fc.tuple(fc.constant(key), fc.option(of, { nil: undefined, freq: 2 })))),
    )
    .chain(([some, more]) => {
      const all = [...some, ...more].filter((pair): pair is [string, ParamValue] => pair[1] !== undefined);
      return fc.shuffledSubarray(all, { minLength: all.length });
    })
    .map((pairs) => new Map(pairs));
}
const flag = fc.boolean();
const usualFlags: readonly Row[] = [
  ["cache", flag],
  ["persist", flag],
  ["push", flag],
  ["desc", text],
  ["type", text],
  ["labels", fc.array(text, { maxLength: 2 })],
  ["meta", value],
];
const plotFlags: readonly Row[] = [
  ["x", text],
  ["y", text],
  ["title", text],
  ["template", fc.constantFrom("linear", "confusion")],
  ["header", flag],
];
/** No two outputs of one name in a stage, but by templates. */
const outputs = (rows: readonly Row[], prefix: string): fc.Arbitrary<ParamValue> =>
  fc.array(fc.tuple(text, fc.option(chosen([], rows), { nil: undefined })), { maxLength: 2 }).map((all) =>
    all.map(([path, settings], at): ParamValue => {
      const name = `${prefix}${at}${path}`;
      return settings === undefined ? name : new Map([[name, settings]]);
    }),
  );
const params = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.oneof(
        fc.constantFrom<ParamValue>("a", "map", "map.a", "list", "list.0", "nothing", "with space"),
        text,
      ),
    },
    fc
      .tuple(
        fc.constantFrom("more.yaml", "more.json", "params.yaml", "none.yaml", "${a}.yaml"),
        fc.oneof(fc.constant<ParamValue>(null), fc.array(fc.constantFrom("a", "map.b", "b"), { maxLength: 2 })),
      )
      .map(([file, keys]): ParamValue => new Map([[file, keys]])),
  ),
  { maxLength: 3 },
);
const vars = fc.array(
  fc.oneof(
    fc.constantFrom<ParamValue>(
      "more.yaml",
      "more.json",
      "more.yaml:a",
      "more.yaml:a,b",
      "params.yaml",
      "params.yaml:a",
      "none.yaml",
    ),
    mapping(value),
    fc.tuple(fc.constantFrom("own", "map", "more"), value).map(([key, one]): ParamValue => new Map([[key, one]])),
  ),
  { maxLength: 2 },
);
const command = fc.oneof(
  { weight: 3, arbitrary: text.map((one) => `run ${one}`) },
  text,
  fc.array(text, { minLength: 1, maxLength: 2 }),
);
const rest: readonly Row[] = [
  ["wdir", fc.oneof({ weight: 3, arbitrary: fc.constantFrom("sub", ".", "sub/..", "./sub/") }, text)],
  ["deps", fc.array(text, { maxLength: 3 })],
  ["params", params],
  ["vars", vars],
  ["outs", outputs(usualFlags, "o")],
  ["metrics", outputs(usualFlags, "m")],
  ["plots", outputs([...usualFlags, ...plotFlags], "p")],
  ["frozen", flag],
  ["always_changed", flag],
  ["desc", text],
  ["meta", value],
];
const plainStage = chosen([["cmd", command]], rest);
const foreachStage = chosen(
  [
    ["foreach", fc.oneof(value, template, fc.array(plain, { maxLength: 3 }), fc.constantFrom("${list}", "${map}"))],
    ["do", plainStage],
  ],
  [],
);
const matrixStage = chosen(
  [
    [
      "matrix",
      fc
        .uniqueArray(
          fc.tuple(
            fc.constantFrom("a", "b", "c"),
            // Of another text DVC takes each character, which we refuse.
            fc.oneof(
              fc.constantFrom<ParamValue>("${list}", "${map}"),
              expression.map((one) => `\${${one}}`),
              fc.array(value, { maxLength: 3 }),
            ),
          ),
          { maxLength: 3, selector: ([key]) => key },
        )
        .map((pairs): ParamValue => new Map(pairs)),
    ],
    ["cmd", command],
  ],
  rest,
);
const odd = fc.oneof(
  fc.constantFrom<readonly [string, ParamValue]>(
    ["cmd", 5n],
    ["cmd", null],
    ["deps", null],
    ["outs", "o"],
    ["frozen", "true"],
    ["always_changed", "${a}"],
    ["desc", 1n],
    ["outs", [1n]],
    ["outs", [new Map([["o", null]])]],
    ["outs", [new Map([["o", new Map([["cache", "false"]])]])]],
    ["outs", [new Map([["o", new Map([["checkpoint", true]])]])]],
    ["plots", [new Map([["p", [new Map([["x", "a"]])]]])]],
    ["outs", [new Map([["o", new Map([["remote", 1n]])]])]],
    [
      "outs",
      [
        new Map<string, ParamValue>([
          ["o", new Map()],
          ["o2", new Map([["cache", false]])],
        ]),
      ],
    ],
    ["deps", [1n]],
    ["params", "a"],
    ["params", [new Map([["more.yaml", "a"]])]],
    ["params", [new Map([["more.yaml", [1n]]])]],
    ["wdir", 1n],
    ["wdir", ".."],
    ["wdir", "/tmp"],
    ["vars", "more.yaml"],
    ["vars", [1n]],
    ["unknown", 1n],
    ["metrics", null],
    ["do", new Map()],
    ["foreach", ["a"]],
    ["matrix", ["a"]],
    ["matrix", new Map([["a", 1n]])],
    [
      "params",
      [
        new Map<string, ParamValue>([
          ["more.yaml", ["a"]],
          ["more.json", null],
        ]),
      ],
    ],
    ["outs", [new Map([["o", new Map([["labels", "x"]])]])]],
    ["plots", [new Map([["p", new Map([["y", ["a"]]])]])]],
  ),
);
const stage = fc.oneof(
  { weight: 4, arbitrary: plainStage },
  { weight: 3, arbitrary: foreachStage },
  { weight: 2, arbitrary: matrixStage },
  fc.tuple(plainStage, odd).map(([one, [key, given]]) => new Map([...one, [key, given]])),
  fc.constantFrom<ParamValue>(null, "x", [], new Map()),
);
const pipeline = chosen(
  [
    [
      "stages",
      fc
        .uniqueArray(fc.tuple(fc.constantFrom("prepare", "train", "a@b", "with space", "Ü"), stage), {
          minLength: 1,
          maxLength: 2,
          selector: ([key]) => key,
        })
        .map((pairs): ParamValue => new Map(pairs)),
    ],
  ],
  [["vars", vars]],
);

describe.skipIf(!peer)("stages of generated pipelines", () => {
  it("are those that DVC reads, or refused as there", async () => {
    const counts = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(pipeline, mapping(value), mapping(value), mapping(value), async (dvcYaml, known, more, json) => {
        const usual = new Map<string, ParamValue>([
          ["a", "A"],
          ["b", 2n],
          ["lr", 0.5],
          [
            "map",
            new Map<string, ParamValue>([
              ["a", 1n],
              ["b", true],
            ]),
          ],
          ["list", ["x", 2n, 3]],
          ...known,
        ]);
        counts[
          await compare({
            "dvc.yaml": writeYaml(dvcYaml),
            "params.yaml": writeYaml(usual),
            "more.yaml": writeYaml(
              new Map<string, ParamValue>([
                ["more", more],
                ["a", "more"],
              ]),
            ),
            "more.json": pythonJson(new Map<string, ParamValue>([["json", json]])),
            "sub/more.yaml": writeYaml(new Map<string, ParamValue>([["sub", 1n]])),
          })
        ] += 1;
      }),
      { numRuns, ...seed },
    );
    expect(counts.read).toBeGreaterThan(0);
  }, 600_000);
});
