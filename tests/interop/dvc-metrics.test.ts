/** Metrics, parameters and graphs of one repository, as Pawprint and the real dvc show them. */
import * as fs from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { changesJson, valuesJson } from "../../src/cli/text/value-table-text.ts";
import { dagDot, dagMermaid } from "../../src/pipeline/dag.ts";
import { initRepository } from "../../src/versioning/repo/open-repository.ts";
import type { Repository } from "../../src/versioning/repo/repository.ts";
import { diffMetrics, diffParams, pipelineDag, pipelineMetrics } from "../../src/wire/pipeline-views.ts";
import { findDvc, git } from "../support/dvc-peer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const home = fs.realpathSync(temporaryFolder("metrics-peer"));
const dvc = (await findDvc(home, ["dvc"]))!;
const root = join(home, "repository");
let repository: Repository;

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(join(root, name, ".."), { recursive: true });
    fs.writeFileSync(join(root, name), text);
  }
}

const pipeline = `
stages:
  prepare:
    cmd: cp data/raw clean
    deps: [data/raw]
    outs: [clean]
  train:
    cmd: cp clean model && cp source.json kept.json
    deps: [clean]
    params: [train.lr, other.yaml: [k, deep.a]]
    outs: [model]
    metrics: [kept.json]
  evaluate:
    cmd: "true"
    deps: [model, clean]
    metrics: [scores.json: {cache: false, persist: true}]
    plots: [curve.csv: {cache: false, persist: true}]
  lone:
    cmd: echo a > lone.txt
    outs: [lone.txt]
metrics: [more.yaml, gone.json]
params: [extra.json]
`;

beforeAll(async () => {
  if (!dvc) return;
  fs.mkdirSync(root);
  git(root, "init", "-q", "-b", "main");
  repository = await initRepository(root);
  write({
    "dvc.yaml": pipeline,
    "sub/dvc.yaml": "stages:\n  s: {cmd: cp ../model m, deps: [../model], outs: [m], params: [p]}\nmetrics: [m.json]\n",
    "sub/params.yaml": "p: 1\n",
    "sub/m.json": '{"s": 1}',
    "data/raw": "raw",
    "params.yaml": "train:\n  lr: 0.5\n  epochs: 3\n  tiny: 1.0e-7\nseed: 1\nnone: null\ns: text\nflag: true\n",
    "other.yaml": "k: 1\ndeep: {a: 1, b: 2}\nuntracked: 2\n",
    "extra.json": '{"e": 5}',
    "source.json": '{"loss": 0.5}',
    "scores.json":
      '{"accuracy": 0.123, "by": {"cat": 1, "dog": 0.5}, "n": "a", "list": [1], "none": null, "yes": true}',
    "more.yaml": "errors: 3\ntop.5: 0.25\n",
    "curve.csv": "step,loss\n1,0.9\n",
  });
  await dvc(root, "add", "-q", "data/raw");
  await dvc(root, "repro", "-q", "--all-pipelines");
  git(root, "add", "--all");
  git(root, "commit", "-q", "-m", "one");
  git(root, "tag", "v1");
  write({
    "scores.json": '{"accuracy": 0.2, "by": {"cat": 1.0, "bird": 0.1}, "n": "b", "list": [2], "none": 4, "yes": true}',
    "more.yaml": "errors: 5\ntop.5: 0.5\n",
    "sub/m.json": '{"s": 2}',
    "sub/params.yaml": "p: 2\n",
    "params.yaml": "train:\n  lr: 0.25\n  epochs: 3\n  tiny: 1.0e-7\nseed: 1.0\nnone: 1\ns: other\nflag: false\n",
    "other.yaml": "k: 1\ndeep: {a: 3, b: 2}\nuntracked: 3\n",
    "extra.json": '{"e": 6}',
  });
  git(root, "add", "--all");
  git(root, "commit", "-q", "-m", "two");
  git(root, "tag", "v2");
  write({ "more.yaml": "errors: 6\n" });
});

const json = async (...words: readonly string[]): Promise<unknown> => JSON.parse(await dvc(root, ...words, "--json"));
const plain = (value: object): unknown => JSON.parse(JSON.stringify(value));
/** What is wrong with a file is each tool's own. */
const withoutMessages = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, one) => (key === "error" ? "error" : one)));

describe.skipIf(!dvc)("Pawprint and dvc", () => {
  it("read the same metrics", async () => {
    const ours = withoutMessages(valuesJson(await pipelineMetrics(repository)));
    expect(ours).toEqual(withoutMessages(await json("metrics", "show")));
    expect(JSON.stringify(ours)).toContain('"gone.json":{"error":"error"}');
  });

  it.each([[["v1"]], [["HEAD"]], [["v1", "v2"]]])("find the same changes of metrics: %j", async (revisions) => {
    const [before, after] = revisions;
    const changes = await diffMetrics(repository, before, after);
    const ours = plain(changesJson(changes.filter(({ isSame }) => !isSame)));
    expect(ours).toEqual(await json("metrics", "diff", ...revisions));
    expect(plain(changesJson(changes))).toEqual(await json("metrics", "diff", "--all", ...revisions));
  });

  it("find the same changes of parameters", async () => {
    const changes = await diffParams(repository, "v1");
    const ours = plain(changesJson(changes.filter(({ isSame }) => !isSame)));
    expect(ours).toEqual(await json("params", "diff", "v1"));
    expect(plain(changesJson(changes))).toEqual(await json("params", "diff", "v1", "--all"));
  });

  it("read metrics that only the cache has", async () => {
    fs.rmSync(join(root, "kept.json"));
    expect(withoutMessages(valuesJson(await pipelineMetrics(repository)))).toMatchObject({
      "": { data: { "kept.json": { data: { loss: 0.5 } } } },
    });
    const changes = await diffMetrics(repository, "v1", "v2");
    expect(plain(changesJson(changes))).toEqual(await json("metrics", "diff", "--all", "v1", "v2"));
    await dvc(root, "checkout", "-q", "kept.json");
  });

  it.each([
    [[], {}],
    [["train"], {}],
    [["train"], { full: true }],
    [[], { outs: true }],
    [["train"], { outs: true }],
    [["sub/dvc.yaml:s"], { outs: true, full: true }],
  ] as const)("draw the same graph: %j %j", async (targets, options) => {
    const dag = await pipelineDag(repository, targets, { folder: root, ...options });
    const flags = Object.keys(options).map((name) => `--${name}`);
    const theirs = await dvc(root, "dag", "--mermaid", ...flags, ...targets);
    expect(dagMermaid(dag).replace(/^ +/gm, "")).toBe(theirs.replace(/^\s+/gm, "").trim());
    const lines = (text: string): readonly string[] => text.trim().split("\n").sort();
    expect(lines(dagDot(dag))).toEqual(lines(await dvc(root, "dag", "--dot", ...flags, ...targets)));
  });
});
