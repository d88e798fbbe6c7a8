import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { gitEnvironment } from "../../tests/support/dvc-peer.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { openWorkTree } from "../versioning/repo/metadata-tree.ts";
import { initRepository } from "../versioning/repo/open-repository.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { dagDot, dagMermaid, dagOf, dagText, outputDagOf } from "./dag.ts";
import { readGraph } from "./graph.ts";
import { compareValues, readMetrics, readParams } from "./metrics.ts";
import { readPlots } from "./plots.ts";

const pipeline = `
stages:
  prepare:
    cmd: prepare
    outs: [clean]
  train:
    cmd: train
    deps: [clean]
    params: [train.lr, other.yaml: [k]]
    outs: [model]
  evaluate:
    cmd: evaluate
    deps: [model, clean]
    metrics: [scores.json: {cache: false}]
    plots:
    - curve.csv: {cache: false, x: step, y: loss, title: Loss}
  "odd \\" stage":
    cmd: nothing
    outs: [odd]
metrics: [more.yaml]
plots:
- answers.json: {template: confusion, x: answer, y: label}
`;

let root = "";
let repository: Repository;
const write = (files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
  }
};
const git = (...words: readonly string[]): void => {
  execFileSync("git", words, { cwd: root, env: { ...process.env, ...gitEnvironment }, stdio: "ignore" });
};

beforeEach(async () => {
  root = realpathSync(temporaryFolder("views"));
  git("init", "-q");
  repository = await initRepository(root);
  write({
    "dvc.yaml": pipeline,
    "params.yaml": "train:\n  lr: 0.5\n  epochs: 3\nseed: 1\n",
    "other.yaml": "k: 1\nuntracked: 2\n",
    "scores.json": '{"accuracy": 0.75, "by": {"cat": 1, "dog": 0.5}, "name": "a"}',
    "more.yaml": "errors: 3\n",
    "curve.csv": "step,loss\n1,0.9\n2,0.5\n",
    "answers.json": '{"rows": [{"answer": "cat", "label": "dog"}, {"answer": "cat", "label": "cat"}]}',
  });
  git("add", "--all");
  git("commit", "-q", "-m", "first");
});

describe("the graph of a pipeline", () => {
  it("is text, Mermaid and DOT", async () => {
    const graph = await readGraph(openWorkTree(repository));
    const dag = dagOf(graph);
    expect(dagText(dag).split("\n")).toEqual([
      "prepare       -> train, evaluate",
      'odd " stage',
      "  train       -> evaluate",
      "    evaluate",
    ]);
    expect(dagMermaid(dag)).toBe(
      [
        "flowchart TD",
        '  node1["evaluate"]',
        '  node2["prepare"]',
        '  node3["train"]',
        "  node2-->node1",
        "  node2-->node3",
        "  node3-->node1",
        '  node4["odd #quot; stage"]',
      ].join("\n"),
    );
    expect(dagDot(dag)).toContain('"odd \\" stage";\n"prepare" -> "train";');
    const train = graph.nodes.filter(({ label }) => label === "train");
    expect(dagOf(graph, train).nodes).toEqual(["prepare", "train"]);
    expect(dagOf(graph, train, true).nodes).toEqual(["prepare", "train", "evaluate"]);
  });

  it("of outputs leads from those that a stage depends on alone, not from all that their stage makes", async () => {
    write({
      "dvc.yaml": `
stages:
  train: {cmd: train, outs: [model, parts/one, log]}
  use: {cmd: use, deps: [model, parts], outs: [result], metrics: [score.json]}
`,
    });
    const graph = await readGraph(openWorkTree(repository));
    const dag = outputDagOf(graph);
    expect(dag.nodes).toEqual(["log", "model", "parts/one", "result", "score.json"]);
    expect(dag.edges.map((edge) => edge.join(" -> ")).sort()).toEqual([
      "model -> result",
      "model -> score.json",
      "parts/one -> result",
      "parts/one -> score.json",
    ]);
    const train = graph.nodes.filter(({ label }) => label === "train");
    expect(outputDagOf(graph, train).nodes).toEqual(["log", "model", "parts/one"]);
  });

  it("of thousands of stages in a chain, the last first, takes moments", () => {
    const nodes = Array.from({ length: 5000 }, (_, at) => `s${5000 - at}`);
    const edges = nodes.slice(1).map((node, at) => [node, nodes[at]!] as const);
    const text = dagText({ nodes, edges }).split("\n");
    expect(text[0]?.trimEnd()).toMatch(/^s1 +-> s2$/);
    expect(text.at(-1)?.trim()).toBe("s5000");
    expect(dagMermaid({ nodes, edges }).split("\n")).toHaveLength(1 + 5000 + 4999);
  });

  it("shows names that could steer a terminal as escapes", () => {
    const dag = { nodes: ["a\u001b[2J"], edges: [] };
    for (const text of [dagText(dag), dagMermaid(dag), dagDot(dag)]) expect(text).not.toContain("\u001b");
  });
});

describe("metrics and parameters", () => {
  it("are read from files, and compared between versions by value", async () => {
    write({
      "scores.json": '{"accuracy": 0.8, "by": {"cat": 1.0, "bird": 0.1}, "name": "b"}',
      "params.yaml": "train:\n  lr: 0.25\n  epochs: 3\nseed: 1.0\n",
    });
    const changes = compareValues(await readMetrics(repository, "HEAD"), await readMetrics(repository));
    expect(changes.filter(({ isSame }) => !isSame)).toEqual([
      {
        file: "scores.json",
        key: "accuracy",
        before: 0.75,
        after: 0.8,
        difference: expect.closeTo(0.05),
        isSame: false,
      },
      { file: "scores.json", key: "by.bird", after: 0.1, isSame: false },
      { file: "scores.json", key: "by.dog", before: 0.5, isSame: false },
      { file: "scores.json", key: "name", before: "a", after: "b", isSame: false },
    ]);
    const params = compareValues(await readParams(repository, "HEAD"), await readParams(repository));
    expect(params.filter(({ isSame }) => !isSame)).toMatchObject([{ file: "params.yaml", key: "train.lr" }]);
    expect(params.map(({ key }) => key)).toEqual(["seed", "train.epochs", "train.lr", "k"]);
  });

  it("name a file that cannot be read, and read the others", async () => {
    write({ "scores.json": "{" });
    const table = await readMetrics(repository);
    expect(table.get("scores.json")).toMatchObject({ code: "DATA_FILE_INVALID" });
    expect(table.get("more.yaml")).toEqual(new Map([["errors", 3n]]));
  });

  it("name a file that is not there", async () => {
    write({ "dvc.yaml": pipeline.replace("metrics: [more.yaml]", "metrics: [more.yaml, gone.json]") });
    const table = await readMetrics(repository);
    expect(table.get("gone.json")).toMatchObject({ code: "FILE_NOT_FOUND", where: "gone.json" });
    expect(table.get("more.yaml")).toEqual(new Map([["errors", 3n]]));
  });

  it("are JSON as Python writes it, and compared as DVC does", async () => {
    write({ "scores.json": '{\n\t"accuracy": NaN, "n": 1E2}', "params.yaml": "train: {lr: [1]}\nnone:\n" });
    expect((await readMetrics(repository)).get("scores.json")).toEqual(
      new Map([
        ["accuracy", Number.NaN],
        ["n", 100],
      ]),
    );
    git("commit", "-q", "-a", "-m", "second");
    write({ "params.yaml": "train: {lr: [1.0]}\n" });
    const changes = compareValues(await readParams(repository, "HEAD"), await readParams(repository));
    expect(changes.filter(({ isSame }) => !isSame).map(({ key }) => key)).toEqual(["train.lr"]);
  });

  it("keep keys with points, and leave out what is no metric", async () => {
    write({ "scores.json": '{"top.5": 0.9, "top": {"5": 0.8}, "each": [1, 2], "none": null, "by": {"list": []}}' });
    expect((await readMetrics(repository)).get("scores.json")).toEqual(
      new Map<string, unknown>([
        ["top.5", 0.9],
        ["top", new Map([["5", 0.8]])],
      ]),
    );
  });

  it("of a revision that is not there are refused", async () => {
    await expect(readMetrics(repository, "v9")).rejects.toMatchObject({ code: "GIT_REVISION_UNKNOWN" });
  });
});

describe("plots", () => {
  it("are rows with what dvc.yaml says of them", async () => {
    const { plots } = await readPlots(repository);
    expect(plots).toMatchObject([
      {
        name: "curve.csv",
        title: "Loss",
        x: "step",
        y: "loss",
        template: "linear",
        rows: [{ step: "1", loss: "0.9" }, { step: "2" }],
      },
      { name: "answers.json", template: "confusion", rows: [{ answer: "cat", label: "dog" }, {}] },
    ]);
  });

  it("with a template that is not known are refused by name", async () => {
    write({ "dvc.yaml": pipeline.replace("template: confusion", "template: smooth") });
    await expect(readPlots(repository)).rejects.toMatchObject({
      code: "DATA_FEATURE_UNSUPPORTED",
      received: "'smooth'",
    });
  });
});
