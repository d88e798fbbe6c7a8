import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { lstat, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { type PipelineFolder, pipelineFolder } from "../../tests/support/pipeline-folder.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { interruption } from "../base/cancel.ts";
import { pipelineStatus } from "./pipeline-status.ts";
import type { ReproEvent, ReproReport } from "./repro.ts";

const chain = {
  "dvc.yaml": `stages:
  prepare:
    cmd: tr a-z A-Z < raw > clean
    deps: [raw]
    outs: [clean]
  train:
    cmd: cat clean > model; echo 1 > scores.json; echo $DVC_STAGE $PAWPRINT_PIPELINE_STAGE
    deps: [clean]
    params: [lr]
    outs: [model]
    metrics:
    - scores.json:
        cache: false
  alone:
    cmd: echo alone > alone
    outs: [alone]
`,
  raw: "abc\n",
  "params.yaml": "lr: 0.1\nother: 1\n",
};

/** A pipeline of one stage. */
function single(stage: string, files: Readonly<Record<string, string>> = {}): Promise<PipelineFolder> {
  return pipelineFolder({ "dvc.yaml": `stages:\n  one:\n${stage.replace(/^(?=.)/gm, "    ")}`, ...files });
}

function errorOf({ nodes }: ReproReport) {
  return nodes.find(({ error }) => error !== undefined)?.error;
}

test("runs what never ran, each stage after what it needs, and then nothing", async () => {
  const at = await pipelineFolder(chain);
  expect(await at.ends()).toEqual(["prepare ran", "train ran", "alone ran"]);
  expect(await at.read("model")).toBe("ABC\n");
  expect(at.printed()).toBe("train dvc.yaml:train\n");
  expect(await at.ends()).toEqual(["prepare unchanged", "train unchanged", "alone unchanged"]);
});

test("writes dvc.lock with dependencies, parameters and outputs", async () => {
  const at = await pipelineFolder(chain);
  await at.repro(["prepare"]);
  expect(await at.read("dvc.lock")).toBe(`schema: '2.0'
stages:
  prepare:
    cmd: tr a-z A-Z < raw > clean
    deps:
    - path: raw
      hash: md5
      md5: 0bee89b07a248e27c83fc3d5951213c1
      size: 4
    outs:
    - path: clean
      hash: md5
      md5: 6d0b865b7d33c81b43fabaf044a35f76
      size: 4
`);
});

test("runs again only what a change reaches", async () => {
  const at = await pipelineFolder(chain);
  await at.repro();
  await at.write("params.yaml", "lr: 0.2\nother: 1\n");
  expect(await at.ends()).toEqual(["prepare unchanged", "train ran", "alone unchanged"]);
  await at.write("params.yaml", "lr: 0.2\nother: 2\n");
  expect(await at.ends()).toEqual(["prepare unchanged", "train unchanged", "alone unchanged"]);
  // The new content of raw gives the same clean one.
  await at.write("raw", "aBc\n");
  expect(await at.ends()).toEqual(["prepare ran", "train unchanged", "alone unchanged"]);
  await at.write("dvc.yaml", chain["dvc.yaml"].replace("echo alone", "echo more"));
  expect(await at.ends()).toEqual(["prepare unchanged", "train unchanged", "alone ran"]);
});

test("restores from the run-cache what ran before with the same inputs", async () => {
  const at = await pipelineFolder(chain);
  await at.repro();
  await at.write("raw", "xyz\n");
  await at.repro();
  await at.write("raw", "abc\n");
  expect(await at.ends()).toEqual(["prepare cached", "train cached", "alone unchanged"]);
  expect(await at.read("model")).toBe("ABC\n");
  expect(at.printed()).toBe("");
  // Git's file is a file of its own, that its owner can write.
  const scores = await lstat(join(at.folder, "scores.json"));
  expect([scores.isFile(), scores.nlink, scores.mode & 0o200]).toEqual([true, 1, 0o200]);
  await at.write("raw", "xyz\n");
  expect(await at.ends([], { noRunCache: true })).toEqual(["prepare ran", "train ran", "alone unchanged"]);
});

test("brings outputs back that are gone or were edited, from the cache", async () => {
  const at = await pipelineFolder(chain);
  await at.repro();
  await rm(join(at.folder, "clean"));
  await at.write("model", "edited\n");
  expect(await at.ends([], { noRunCache: true })).toEqual(["prepare cached", "train cached", "alone unchanged"]);
  expect(await at.read("model")).toBe("ABC\n");
});

test("takes targets: stages, files, outputs, what needs them, or them alone", async () => {
  const at = await pipelineFolder(chain);
  expect(await at.ends(["train"])).toEqual(["prepare ran", "train ran"]);
  expect(await at.ends(["clean"], { force: true })).toEqual(["prepare ran"]);
  expect(await at.ends(["prepare"], { downstream: true })).toEqual(["prepare unchanged", "train unchanged"]);
  expect(await at.ends(["dvc.yaml:train"], { singleItem: true, force: true })).toEqual(["train ran"]);
  expect(await at.ends(["prepare"], { pipeline: true })).toEqual(["prepare unchanged", "train unchanged"]);
  expect(await at.ends(["prepare"], { allPipelines: true })).toHaveLength(3);
  const error = await failureOf(at.repro(["trian"]));
  expect(error).toMatchObject({ code: "STAGE_UNKNOWN", hint: "did you mean train?" });
  expect(error.message).toBe("Expected a stage of the pipeline: prepare, train, alone; got 'trian'");
});

test("forceDownstream runs what needs a stage that ran", async () => {
  const at = await pipelineFolder(chain);
  await at.repro();
  await at.write("raw", "aBc\n");
  expect(await at.ends([], { forceDownstream: true })).toEqual(["prepare ran", "train ran", "alone unchanged"]);
});

test("dry changes nothing, and says what would run and what might", async () => {
  const at = await pipelineFolder(chain);
  const { nodes } = await at.repro([], { dry: true });
  expect(nodes.map(({ name, end }) => `${name} ${end}`)).toEqual([
    "prepare would-run",
    "train may-run",
    "alone would-run",
  ]);
  expect(nodes[0]?.commands).toEqual(["tr a-z A-Z < raw > clean"]);
  expect(await at.read("clean")).toBeUndefined();
  expect(await at.read("dvc.lock")).toBeUndefined();
  await at.repro();
  await at.write("raw", "xyz\n");
  await at.repro();
  await at.write("raw", "abc\n");
  expect((await at.ends([], { dry: true }))[0]).toBe("prepare would-restore");
  expect(await at.read("clean")).toBe("XYZ\n");
});

test("a failing command leaves dvc.lock as it was, and stops what follows", async () => {
  const at = await pipelineFolder(chain);
  await at.repro();
  const lock = await at.read("dvc.lock");
  await at.write("dvc.yaml", chain["dvc.yaml"].replace("tr a-z", "exit 7; tr a-z"));
  const report = await at.repro();
  expect(report.isComplete).toBe(false);
  expect(report.nodes.map(({ end }) => end)).toEqual(["failed", "skipped", "skipped"]);
  expect(errorOf(report)?.message).toBe(
    "Expected the exit code 0 of 'exit 7; tr a-z A-Z < raw > clean'; got 7 (stage prepare)",
  );
  expect(await at.read("dvc.lock")).toBe(lock);
  expect(await at.ends([], { onFailure: "keep-going" })).toEqual([
    "prepare failed",
    "train skipped",
    "alone unchanged",
  ]);
  // What the failed stage made is gone, so the next fails too; independent stages go on.
  expect(await at.ends([], { onFailure: "ignore" })).toEqual(["prepare failed", "train failed", "alone unchanged"]);
});

test("an output that is missing afterwards, or a dependency before, is named", async () => {
  const at = await single("cmd: 'true'\ndeps: [raw]\nouts: [made]\n");
  expect(errorOf(await at.repro())?.message).toBe("Expected the dependency raw; got nothing of this name (stage one)");
  await at.write("raw", "x");
  expect(errorOf(await at.repro())?.message).toBe("Expected the output made; got nothing of this name (stage one)");
  expect(await at.read("dvc.lock")).toBeUndefined();
});

test("outputs stay where a dependency is missing", async () => {
  const at = await pipelineFolder(chain);
  await at.repro();
  await rm(join(at.folder, "raw"));
  expect(await at.ends(["prepare"])).toEqual(["prepare failed"]);
  expect(await at.read("clean")).toBe("ABC\n");
});

test("outputs are removed before a stage runs, but those with persist", async () => {
  const stage = "cmd: ls; echo more >> kept; echo new > made\nouts:\n- made\n- kept:\n    persist: true\n";
  const at = await single(stage);
  await at.repro();
  await at.repro([], { force: true });
  expect(at.printed().split("\n")).not.toContain("made");
  expect(await at.read("kept")).toBe("more\nmore\n");
});

test("a dependency that changes while the stage runs makes it run again, and keeps no run", async () => {
  const at = await single("cmd: cat raw > made; echo other > raw\ndeps: [raw]\nouts: [made]\n", { raw: "first\n" });
  expect(await at.ends()).toEqual(["one ran"]);
  expect(at.told).toEqual(["raw changed while stage one ran: the stage counts as changed, and runs again"]);
  expect(await at.ends()).toEqual(["one ran"]);
  expect(await at.ends()).toEqual(["one unchanged"]);
});

test("a frozen stage runs nothing, needs nothing, and records its outputs", async () => {
  const at = await pipelineFolder({
    "dvc.yaml": chain["dvc.yaml"].replace("    deps: [clean]", "    frozen: true\n    deps: [clean]"),
    raw: "abc\n",
    "params.yaml": "lr: 1\n",
    clean: "old\n",
    model: "by hand\n",
    "scores.json": "2\n",
  });
  expect(await at.ends(["train"])).toEqual(["train ran"]);
  expect(at.printed()).toBe("");
  expect(await at.read("model")).toBe("by hand\n");
  await at.write("clean", "other\n");
  expect(await at.ends(["train"])).toEqual(["train unchanged"]);
});

test("a stage with always_changed, or without inputs and outputs, runs each time", async () => {
  const at = await pipelineFolder({
    "dvc.yaml":
      "stages:\n  always:\n    cmd: echo x > o\n    always_changed: true\n    outs: [o]\n  bare:\n    cmd: echo bare\n",
  });
  await at.repro();
  expect(await at.ends()).toEqual(["always ran", "bare ran"]);
});

test("without commit the cache gets nothing, and dvc.lock names the outputs all the same", async () => {
  const at = await pipelineFolder(chain);
  await at.repro(["prepare"], { noCommit: true });
  expect(await at.read("dvc.lock")).toContain("md5: 6d0b865b7d33c81b43fabaf044a35f76");
  expect(await at.read(".dvc/cache/files/md5/6d/0b865b7d33c81b43fabaf044a35f76")).toBeUndefined();
});

test("independent stages run at the same time where asked, dependent ones never", async () => {
  const waits = (own: string, other: string) =>
    `touch ${own}.here; for i in $(seq 200); do [ -e ${other}.here ] && echo met > ${own} && exit 0; sleep 0.05; done; exit 1`;
  const yaml = `stages:
  a:
    cmd: ${waits("a", "b")}
    outs: [a]
  b:
    cmd: ${waits("b", "a")}
    outs: [b]
  both:
    cmd: cat a b > c
    deps: [a, b]
    outs: [c]
`;
  const at = await pipelineFolder({ "dvc.yaml": yaml });
  expect(await at.ends([], { jobs: 2 })).toEqual(["a ran", "b ran", "both ran"]);
  expect(await at.read("c")).toBe("met\nmet\n");
  expect(await at.ends([], { jobs: 2 })).toEqual(["a unchanged", "b unchanged", "both unchanged"]);
});

test("tells which stage of how many, and how long it took the last time", async () => {
  const at = await pipelineFolder(chain);
  const events: ReproEvent[] = [];
  const onEvent = (event: ReproEvent) => void events.push(event);
  await at.repro([], { onEvent });
  const starts = () => events.flatMap((event) => (event.kind === "start" ? [event] : []));
  expect(starts()).toMatchObject([{ name: "prepare", at: 1, total: 3 }, { at: 2 }, { at: 3 }]);
  expect(starts()[0]).not.toHaveProperty("expectedSeconds");
  events.length = 0;
  await at.repro([], { onEvent });
  expect(starts()[0]?.expectedSeconds).toBeGreaterThan(0);
  expect(starts()[0]?.leftSeconds).toBeGreaterThan(starts()[2]?.leftSeconds ?? 0);
});

test("data of .dvc files is recorded where it changed, and asked for where it is missing", async () => {
  const at = await pipelineFolder({
    "dvc.yaml": "stages:\n  use:\n    cmd: cat data > used\n    deps: [data]\n    outs: [used]\n",
    "data.dvc": "outs:\n- md5: 0bee89b07a248e27c83fc3d5951213c1\n  size: 4\n  hash: md5\n  path: data\n",
  });
  expect(errorOf(await at.repro())?.message).toBe("Expected data that stages need; got nothing of this name (data)");
  await at.write("data", "new\n");
  expect(await at.ends()).toEqual(["data.dvc recorded", "use ran"]);
  expect(await at.read("data.dvc")).toContain(createHash("md5").update("new\n").digest("hex"));
  expect(await at.ends()).toEqual(["data.dvc unchanged", "use unchanged"]);
});

test("pipelines of folders, their paths and names from the current folder", async () => {
  const at = await pipelineFolder({
    "sub/dvc.yaml": "stages:\n  s:\n    cmd: cat ../top > low; echo $DVC_STAGE\n    deps: [../top]\n    outs: [low]\n",
    "dvc.yaml": "stages:\n  t:\n    wdir: work\n    cmd: echo top > ../top\n    outs: [../top]\n",
    "work/keep": "",
  });
  expect(await at.ends(["sub/dvc.yaml:s"])).toEqual(["t ran", "sub/dvc.yaml:s ran"]);
  expect(at.printed()).toBe("sub/dvc.yaml:s\n");
  const folder = join(at.folder, "sub");
  expect(await at.ends([], { folder, force: true })).toEqual(["../dvc.yaml:t ran", "s ran"]);
  expect(at.printed()).toBe("s\n");
});

test("a circle of stages is refused with its names", async () => {
  const at = await pipelineFolder({
    "dvc.yaml":
      "stages:\n  a:\n    cmd: a\n    deps: [y]\n    outs: [x]\n  b:\n    cmd: b\n    deps: [x]\n    outs: [y]\n",
  });
  expect((await failureOf(at.repro())).message).toBe("Expected stages without a circle; got a -> b -> a");
});

test("no output is removed outside the repository, through links, or that Git has", async () => {
  const outside = temporaryFolder("outside");
  const at = await pipelineFolder(
    { "dvc.yaml": "stages:\n  one:\n    cmd: echo x\n    outs: [link/victim]\n" },
    { git: true },
  );
  await mkdir(join(outside, "victim"));
  await symlink(outside, join(at.folder, "link"));
  expect(errorOf(await at.repro())).toMatchObject({ code: "DATA_NAME_INVALID", received: "the path link/victim" });
  expect((await lstat(join(outside, "victim"))).isDirectory()).toBe(true);
  await at.write("dvc.yaml", "stages:\n  one:\n    cmd: echo x\n    outs: [mine]\n");
  await at.write("mine", "by hand\n");
  execFileSync("git", ["add", "mine"], { cwd: at.folder });
  expect(errorOf(await at.repro())).toMatchObject({ code: "DATA_OVERLAP", received: "mine in Git" });
  expect(await at.read("mine")).toBe("by hand\n");
});

test("outputs are kept out of Git, and the files for Git are told", async () => {
  const at = await pipelineFolder(chain, { git: true });
  const report = await at.repro();
  expect(await at.read(".gitignore")).toBe("/clean\n/model\n/alone\n");
  expect(report.changedFiles).toEqual([".gitignore", "dvc.lock"]);
  expect((await at.repro()).changedFiles).toEqual([]);
});

test("an interruption ends the command, keeps dvc.lock, and the next repro completes", async () => {
  const at = await single("cmd: echo half > made; sleep 30; echo whole > made\nouts: [made]\n");
  const stop = new AbortController();
  const onEvent = ({ kind }: ReproEvent) =>
    void (kind === "command" && setTimeout(() => stop.abort(interruption("SIGINT")), 200));
  const error = await failureOf(at.repro([], { signal: stop.signal, onEvent }));
  expect(error).toMatchObject({ code: "INTERRUPTED", received: "SIGINT" });
  expect(await at.read("dvc.lock")).toBeUndefined();
  expect(await readFile(join(at.folder, ".dvc/tmp/rwlock"), "utf8")).toBe('{"write":{},"read":{}}');
  await at.write("dvc.yaml", "stages:\n  one:\n    cmd: echo whole > made\n    outs: [made]\n");
  expect(await at.ends()).toEqual(["one ran"]);
  expect(await at.read("made")).toBe("whole\n");
});

test("while a command runs, others are told what it uses", async () => {
  const at = await single("cmd: cat .dvc/tmp/rwlock > made\ndeps: [raw]\nouts: [made]\n", { raw: "x" });
  await at.repro();
  const locks = JSON.parse((await at.read("made")) ?? "") as { write: object; read: object };
  expect(Object.keys(locks.write)).toEqual([join(at.folder, "made")]);
  expect(Object.keys(locks.read)).toEqual([join(at.folder, "raw")]);
});

test("stages are told as changed in the words of dvc status", async () => {
  const at = await pipelineFolder(chain);
  const words = async () =>
    (await pipelineStatus(at.repository)).map(({ stage, deps, params, outs, isCommandChanged, isAlwaysChanged }) => ({
      stage,
      deps: Object.fromEntries(deps),
      params: Object.fromEntries(
        [...params].map(([file, one]) => [file, one instanceof Map ? Object.fromEntries(one) : one]),
      ),
      outs: Object.fromEntries(outs),
      isCommandChanged,
      isAlwaysChanged,
    }));
  const clean = { deps: {}, params: {}, outs: {}, isCommandChanged: false, isAlwaysChanged: false };
  expect(await words()).toMatchObject([
    { stage: "prepare", deps: { raw: "modified" }, outs: { clean: "deleted" } },
    { stage: "train", deps: { clean: "deleted" }, params: { "params.yaml": "new" }, outs: { model: "deleted" } },
    { stage: "alone", outs: { alone: "deleted" } },
  ]);
  await at.repro();
  expect(await words()).toMatchObject([clean, clean, clean]);
  await at.write("params.yaml", "lr: 0.5\n");
  await at.write("model", "edited\n");
  await rm(join(at.folder, ".dvc/cache/files/md5/81"), { recursive: true });
  await at.write("dvc.yaml", chain["dvc.yaml"].replace("tr a-z", "tr A-Z"));
  expect(await words()).toMatchObject([
    { ...clean, stage: "prepare", isCommandChanged: true },
    { ...clean, stage: "train", params: { "params.yaml": { lr: "modified" } }, outs: { model: "modified" } },
    { ...clean, stage: "alone", outs: { alone: "not in cache" } },
  ]);
  await rm(join(at.folder, "params.yaml"));
  expect((await words())[1]).toMatchObject({ params: { "params.yaml": "deleted" } });
});
