import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import type { MetadataTree } from "../repo/metadata-tree.ts";
import { type PipelineStage, readPipelines, readStages } from "./read-stages.ts";

function treeOf(files: Readonly<Record<string, string>>): MetadataTree {
  const bytes = new Map(Object.entries(files).map(([path, text]) => [path, new TextEncoder().encode(text)]));
  return {
    label: "work tree",
    list: async () => [...bytes.keys()].filter((path) => /(^|\/)dvc\.yaml$|\.dvc$/.test(path)).sort(),
    read: async (path) => bytes.get(path),
  };
}

const stagesOf = (dvcYaml: string, files: Readonly<Record<string, string>> = {}): Promise<readonly PipelineStage[]> =>
  readStages(treeOf({ "dvc.yaml": dvcYaml, ...files }));

async function commandsOf(...given: Parameters<typeof stagesOf>): Promise<Readonly<Record<string, unknown>>> {
  return Object.fromEntries((await stagesOf(...given)).map(({ name, cmd }) => [name, cmd]));
}

describe("stages of a dvc.yaml", () => {
  it("have their dependencies, parameters and outputs with all flags", async () => {
    const [stage] = await stagesOf(`
stages:
  train:
    desc: the model
    cmd: [make, test]
    wdir: src/../model
    deps: [../data/raw]
    params: [lr, net.depth, more.json: [a], whole.yaml:, lr]
    frozen: true
    always_changed: true
    outs: [model.bin, {kept.txt: {persist: true, push: false, remote: other, cache: false}}]
    metrics: [{m.json: {cache: false}}]
    plots: [{curve.csv: {x: step, y: loss, title: Loss}}, curve.csv]
`);
    expect(stage).toMatchObject({
      name: "train",
      file: "dvc.yaml",
      workFolder: "model",
      cmd: ["make", "test"],
      deps: ["../data/raw"],
      params: [
        { file: "params.yaml", keys: ["lr", "net.depth"] },
        { file: "more.json", keys: ["a"] },
        { file: "whole.yaml", keys: [] },
      ],
      isFrozen: true,
      alwaysChanged: true,
      description: "the model",
      outs: [
        { path: "model.bin", kind: "out", isCached: true, isPersistent: false, isPushed: true },
        { path: "kept.txt", kind: "out", isCached: false, isPersistent: true, isPushed: false, remote: "other" },
        { path: "m.json", kind: "metric", isCached: false },
        {
          path: "curve.csv",
          kind: "plot",
          plot: new Map([
            ["x", "step"],
            ["y", "loss"],
            ["title", "Loss"],
          ]),
        },
      ],
    });
    expect(stage?.outs).toHaveLength(4);
  });

  it("fill templates in from params.yaml, files of variables and vars", async () => {
    const files = {
      "params.yaml": 'lr: 0.10\nsteps: 1e3\nflag: true\nnone:\nnet: {layers: [8, "16"], name: "a b"}',
      "more.json": '{"big": 12345678901234567890, "e": 1E5, "nan": NaN}',
    };
    const dvcYaml = `
vars: [more.json, {net: {depth: 3}}]
stages:
  a:
    cmd: run \${lr} \${steps} \${flag} \${none} \${net.layers[1]} \${ net.depth } \${net.layers.-1} \\\${kept} \${big} \${e} \${nan}
  b:
    vars: [{own: x}]
    cmd: run \${own} \${net}
`;
    expect(await commandsOf(dvcYaml, files)).toEqual({
      a: "run 0.1 1000.0 true None 16 3 16 ${kept} 12345678901234567890 100000.0 nan",
      b: "run x --layers 8 16 --name 'a b' --depth 3",
    });
  });

  it("are made by foreach, from lists, mappings and variables", async () => {
    const dvcYaml = `
stages:
  plain: {foreach: [a, 2, true], do: {cmd: "run \${item}"}}
  nested: {foreach: [{x: 1}, {x: 2}], do: {cmd: "run \${item.x}"}}
  named: {foreach: "\${sets}", do: {cmd: "run \${key} \${item}"}}
  flags: {foreach: "\${flags}", do: {cmd: "run \${item}"}}
`;
    expect(await commandsOf(dvcYaml, { "params.yaml": "sets: {one: 1.0, 2: b}\nflags: [true]" })).toEqual({
      "plain@a": "run a",
      "plain@2": "run 2",
      "plain@true": "run true",
      "nested@0": "run 1",
      "nested@1": "run 2",
      "named@one": "run one 1.0", // a name that is a number is no variable
      "flags@True": "run true",
    });
  });

  it("are made by a matrix, the last list fastest", async () => {
    const dvcYaml = `
stages:
  fit: {matrix: {net: [cnn, mlp], lr: "\${rates}", o: [{x: 1}]}, cmd: "run \${item.net} \${item.lr} \${item.o.x} \${key}"}
`;
    expect(await commandsOf(dvcYaml, { "params.yaml": "rates: [1, 0.5]" })).toEqual({
      "fit@cnn-1-o0": "run cnn 1 1 cnn-1-o0",
      "fit@cnn-0.5-o0": "run cnn 0.5 1 cnn-0.5-o0",
      "fit@mlp-1-o0": "run mlp 1 1 mlp-1-o0",
      "fit@mlp-0.5-o0": "run mlp 0.5 1 mlp-0.5-o0",
    });
  });

  it("stand beside the sections for all of a pipeline", async () => {
    const dvcYaml = `
metrics: ["\${name}.json"]
params: [p.yaml]
plots: [curves, {loss: {x: {a.csv: step}, y: {a.csv: [x, y]}}}, {empty: }]
artifacts: {cat: {path: model.bin, type: model, labels: [a]}}
`;
    const [pipeline] = await readPipelines(treeOf({ "sub/dvc.yaml": dvcYaml, "sub/params.yaml": "name: m" }));
    expect(pipeline).toMatchObject({ metrics: ["sub/m.json"], params: ["sub/p.yaml"], stages: [] });
    expect(pipeline?.plots.map(({ name, folder }) => [name, folder])).toEqual([
      ["curves", "sub"],
      ["loss", "sub"],
      ["empty", "sub"],
    ]);
  });

  const faults: readonly (readonly [string, string, string])[] = [
    ["a key that is unknown", "stages: {a: {cmd: x, dep: [y]}}", "'dep' (dvc.yaml, stages.a)"],
    ["a stage without a command", "stages: {a: {deps: [y]}}", "Expected the key 'cmd'"],
    ["a section that is empty", "stages:", "Expected a mapping; got nothing (dvc.yaml, stages)"],
    ["a flag that is a text", 'stages: {a: {cmd: x, outs: [{o: {cache: "no"}}]}}', "stages.a.outs[0].o.cache"],
    ["a foreach without its template", "stages: {a: {foreach: [1]}}", "the key 'do'"],
    ["a foreach with a command", "stages: {a: {foreach: [1], do: {cmd: x}, cmd: y}}", "'cmd'"],
    ["a foreach over a text", "stages: {a: {foreach: x, do: {cmd: x}}}", "a list or mapping under foreach"],
    ["a variable that is not there", "stages: {a: {cmd: 'run ${lr}'}}", "'${lr}' (dvc.yaml, stage a, cmd)"],
    ["a variable of JavaScript's objects", "stages: {a: {cmd: 'run ${constructor.name} ${__proto__}'}}", "constructor"],
    ["a template that is none", "stages: {a: {cmd: 'run ${a..b}'}}", "a variable such as train.lr"],
    ["a list as a text", "vars: [{l: [1]}]\nstages: {a: {cmd: 'run ${l}'}}", "a list, '${l}'"],
    ["a mapping as a path", "vars: [{m: {a: 1}}]\nstages: {a: {cmd: x, deps: ['${m}']}}", "a mapping, '${m}'"],
    ["a number as a path", "vars: [{n: 1}]\nstages: {a: {cmd: x, deps: ['${n}']}}", "texts under deps"],
    ["a template in vars", "vars: [{a: '${b}'}]\nstages: {}", "vars without templates"],
    ["a variable that is defined twice", "vars: [{a: {b: 1}}, {a: {b: 2}}]\nstages: {}", "'a.b' again"],
    ["a file of variables that is not there", "vars: [no.yaml]\nstages: {}", "'no.yaml'"],
    ["vars that hide an item", "stages: {a: {foreach: [1], do: {vars: [{item: 1}], cmd: x}}}", "'item'"],
    ["a name that cannot be asked for", "stages: {a@b: {cmd: x}}", "without '@'"],
    ["a name that is a number", "stages: {1: {cmd: x}}", 'put it in quotes: "1"'],
    ["a matrix over a text", "stages: {a: {matrix: {n: abc}, cmd: x}}", "lists under matrix"],
    ["more stages than anybody needs", `stages: {a: {matrix: {${axes()}}, cmd: x}}`, "at most 20000 stages"],
    [
      "templates that multiply",
      `vars: [{a: ${"x".repeat(1 << 16)}}]\nstages: {a: {cmd: "${"${a}".repeat(2000)}"}}`,
      "64 MiB",
    ],
    ["what is no YAML", "stages: [", "YAML"],
  ];
  it.each(faults)("are refused for %s", async (_, dvcYaml, part) => {
    const failure = await failureOf(stagesOf(dvcYaml));
    expect(failure).toMatchObject({ code: "PIPELINE_INVALID" });
    expect(`${failure.message} ${failure.hint ?? ""}`).toContain(part);
  });

  const unsupported: readonly (readonly [string, string])[] = [
    ["datasets: []", "'datasets'"],
    ["stages: {a: {cmd: x, outs: [{o: {checkpoint: true}}]}}", "'checkpoint'"],
    ["stages: {a: {cmd: x, plots: [{p: [{x: a}]}]}}", "a list of plots"],
    ["vars: [v.py]\nstages: {}", "a Python file"],
    ["vars: [v.toml]\nstages: {}", "a TOML file"],
    ["vars: [../../v.yaml]\nstages: {}", "leads out"],
    ["vars: [/etc/v.yaml]\nstages: {}", "leads out"],
  ];
  it.each(unsupported)("are refused by name where a part of the format is not supported: %s", async (dvcYaml, part) => {
    const failure = await failureOf(stagesOf(dvcYaml));
    expect(failure).toMatchObject({ code: "DATA_FEATURE_UNSUPPORTED" });
    expect(failure.message).toContain(part);
  });
});

/** A thousand values in each of three lists. */
function axes(): string {
  const list = `[${Array.from({ length: 1000 }, (_, at) => at).join(", ")}]`;
  return ["x", "y", "z"].map((name) => `${name}: ${list}`).join(", ");
}
