/** Folders of runs that crashed programs, people and enemies leave behind. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import type { MetricPoint } from "../run.ts";
import { ownProcessTag, processTag } from "../run-process.ts";
import type { RunStore } from "../run-store.ts";
import { openFileRunStore } from "./file-run-store.ts";

let root: string;
let store: RunStore;
let experimentId: string;
let runId: string;
let run: string;
beforeEach(async () => {
  root = temporaryFolder("damaged");
  store = await openFileRunStore(root);
  experimentId = (await store.ensureExperiment("cats-dogs")).id;
  runId = (await store.createRun({ experimentId, name: "whole", startedMs: 1000 })).id;
  run = join(root, experimentId, runId);
  await store.logBatch(runId, { metrics: [point("acc", 0.5, 0)], params: new Map([["lr", "1"]]) });
});

function point(key: string, value: number, step: number): MetricPoint {
  return { key, value, step, timestampMs: 1000 + step };
}

const metric = (key: string): string => readFileSync(join(run, "metrics", key), "utf8");
const faults = async (): Promise<string[]> => {
  const page = await store.searchRuns({});
  expect(page.runs.map(({ name }) => name)).toEqual(["whole"]);
  return page.faults.map(({ reason }) => reason);
};

describe("a folder of runs", () => {
  it("is empty before the first write, and is not made by reading", async () => {
    const nowhere = await openFileRunStore(join(root, "nowhere"));
    expect(await nowhere.listExperiments("all")).toEqual([]);
    expect(await nowhere.searchRuns({})).toEqual({ runs: [], faults: [] });
    await expect(nowhere.getRun(runId)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
    expect(existsSync(join(root, "nowhere"))).toBe(false);
  });

  it("has MLflow's first experiment, and the others as 18 digits", async () => {
    expect(await store.findExperiment("Default")).toMatchObject({ id: "0" });
    expect(experimentId).toMatch(/^\d{18}$/);
    expect((await store.ensureExperiment("Default")).id).toBe("0");
  });

  it("passes over half-written and damaged runs, and says which", async () => {
    const id = (digit: string): string => join(root, experimentId, digit.repeat(32));
    mkdirSync(id("1"));
    mkdirSync(id("2"));
    writeFileSync(join(id("2"), "meta.yaml"), "");
    cpSync(run, id("3"), { recursive: true });
    for (const [digit, from, to] of [
      ["4", /start_time: \d+/, "start_time: yesterday"],
      ["5", /status: \d/, "status: 9"],
      ["6", /start_time: \d+\n/, ""],
      ["7", /experiment_id: '\d+'/, "experiment_id: '7'"],
    ] as const) {
      cpSync(run, id(digit), { recursive: true });
      const meta = readFileSync(join(run, "meta.yaml"), "utf8").replaceAll(runId, digit.repeat(32));
      writeFileSync(join(id(digit), "meta.yaml"), meta.replace(from, to));
    }
    mkdirSync(join(id("8"), "meta.yaml"), { recursive: true });
    mkdirSync(join(root, experimentId, "someone's notes"));
    expect((await faults()).sort()).toEqual([
      "Expected a mapping in YAML; got an empty file",
      "Expected a mapping in YAML; got none",
      "Expected a mapping in YAML; got none",
      "Expected a status from 1 to 5; got '9'",
      `Expected start_time in meta.yaml; got none`,
      "Expected start_time in milliseconds; got 'yesterday'",
      `Expected the experiment_id of its folder, '${experimentId}'; got '7'`,
      `Expected the run_id of its folder, '${"3".repeat(32)}'; got '${runId}'`,
    ]);
    await expect(store.getRun("3".repeat(32))).rejects.toMatchObject({ code: "RUN_STORE_INVALID" });
    await expect(store.getRun("1".repeat(32))).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });

  it("gives the run of its own experiment where its folder was copied into another one", async () => {
    const other = await store.ensureExperiment("a copy");
    cpSync(run, join(root, other.id, runId), { recursive: true });
    expect((await store.getRun(runId)).experimentId).toBe(experimentId);
    expect(await faults()).toHaveLength(1);
  });

  it("passes over a damaged experiment", async () => {
    mkdirSync(join(root, "123"));
    writeFileSync(join(root, "123", "meta.yaml"), "name: [");
    expect(await faults()).toEqual(["Expected a mapping in YAML; got other text"]);
    expect((await store.listExperiments()).map(({ name }) => name).sort()).toEqual(["Default", "cats-dogs"]);
    await expect(store.createRun({ experimentId: "123", name: "x", startedMs: 1 })).rejects.toMatchObject({
      code: "RUN_STORE_INVALID",
    });
  });

  it("follows no link out of it", async () => {
    const outside = temporaryFolder("outside");
    writeFileSync(join(outside, "secret"), "secret");
    writeFileSync(join(outside, "1 "), "1 2 3\n");
    for (const name of ["params", "tags", "artifacts"]) {
      symlinkSync(join(outside, "secret"), join(run, name, "link"));
      symlinkSync(outside, join(run, name, "folder"));
    }
    symlinkSync(run, join(root, experimentId, "9".repeat(32)));
    symlinkSync(join(root, experimentId), join(root, "555"));
    const found = await store.getRun(runId);
    expect([...found.params.keys()]).toEqual(["lr"]);
    expect([...found.tags.keys()]).toEqual(["mlflow.runName"]);
    expect(await store.listArtifacts({ runId })).toEqual([]);
    const only = { params: ["link", "folder/secret"], tags: ["link", "folder/secret"] };
    const [run1] = (await store.searchRuns({ only, filter: "params.`folder/secret` IS NULL" })).runs;
    expect([run1?.params.size, run1?.tags.size]).toEqual([0, 0]);
    for (const path of ["link", "folder/secret"]) {
      const reading = store.readArtifact({ runId }, path)[Symbol.asyncIterator]().next();
      await expect(reading).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
      const writing = store.logBatch(runId, { tags: new Map([[path, "x"]]) });
      await expect(writing).rejects.toMatchObject({ code: "RUN_STORE_INVALID" });
    }
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    rmSync(join(run, "params"), { recursive: true });
    symlinkSync(outside, join(run, "params"));
    expect((await store.getRun(runId)).params.size).toBe(0);
  });

  it("refuses a key that would be the folder of another one, and names both", async () => {
    const refused = (message: string) => ({ code: "TRACKING_VALUE_INVALID", received: message });
    const writing = (...keys: string[]) => store.logBatch(runId, { metrics: keys.map((key) => point(key, 1, 9)) });
    await expect(writing("acc/b")).rejects.toMatchObject(refused("'acc' and 'acc/b'"));
    await writing("val/loss");
    await expect(writing("val")).rejects.toMatchObject(refused("'val' and 'val/loss'"));
    await expect(writing("new", "new/b")).rejects.toMatchObject(refused("'new' and 'new/b'"));
    const params = new Map([["lr/x", "1"]]);
    await expect(store.logBatch(runId, { params })).rejects.toMatchObject(refused("'lr' and 'lr/x'"));
    await store.logBatch(runId, { tags: new Map([["a/b", "1"]]) });
    await store.deleteTag(runId, "a/b");
    await store.logBatch(runId, { tags: new Map([["a", "1"]]) });
    expect((await store.getRun(runId)).tags.get("a")).toBe("1");
    await expect(store.logBatch(runId, { params: new Map([["ü".repeat(200), "1"]]) })).rejects.toMatchObject({
      code: "TRACKING_VALUE_INVALID",
    });
  });

  it("refuses an id that is taken or none", async () => {
    const create = (id: string) => store.createRun({ experimentId, name: "x", startedMs: 1, id });
    for (const id of [runId, "x", "../../x", runId.toUpperCase()])
      await expect(create(id)).rejects.toMatchObject({ code: "TRACKING_VALUE_INVALID" });
    expect((await create("1".repeat(32))).id).toBe("1".repeat(32));
  });

  it("tells a value that is too large for its file", async () => {
    writeFileSync(join(run, "params", "huge"), "x".repeat(2 ** 20 + 1));
    await expect(store.getRun(runId)).rejects.toMatchObject({ code: "RUN_STORE_INVALID" });
    const page = await store.searchRuns({});
    expect([page.runs.length, page.faults.length]).toEqual([0, 1]);
  });
});

describe("a metric's file", () => {
  it("loses a torn last line before more is appended", async () => {
    writeFileSync(join(run, "metrics", "acc"), "1000 0.5 0\n1001 0.25 1\n1002 0.12");
    expect((await store.metricHistory(runId, "acc")).map(({ step }) => step)).toEqual([0, 1]);
    expect((await store.getRun(runId)).metrics.get("acc")?.step).toBe(1);
    await store.logBatch(runId, { metrics: [point("acc", 0.125, 2), point("acc", 0.25, 1)] });
    expect(metric("acc")).toBe("1000 0.5 0\n1001 0.25 1\n1002 0.125 2\n");
  });

  it("is made whole where its first line is torn or it is empty", async () => {
    for (const torn of ["", "1000 0."]) {
      writeFileSync(join(run, "metrics", "acc"), torn);
      expect(await store.metricHistory(runId, "acc")).toEqual([]);
      expect((await store.getRun(runId)).metrics.has("acc")).toBe(false);
      await store.logBatch(runId, { metrics: [point("acc", 1, 0)] });
      expect(metric("acc")).toBe("1000 1 0\n");
    }
    expect(readdirSync(run).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("gets no line twice, whoever wrote the first one", async () => {
    // As Python writes numbers, with a dataset, and steps that went back.
    writeFileSync(join(run, "metrics", "acc"), "1005 1.0 5\n1002 2.50 2\n1004 inf 4 cats 0edc\n1003 nan 3\n");
    const again = [point("acc", 1, 5), point("acc", 2.5, 2), point("acc", Number.NaN, 3)];
    await store.logBatch(runId, { metrics: [...again, point("acc", Number.POSITIVE_INFINITY, 4), point("acc", 7, 2)] });
    expect(metric("acc").split("\n")).toHaveLength(6);
    expect(metric("acc").endsWith("\n1002 7 2\n")).toBe(true);
  });

  it("is read without the lines that no program wrote", async () => {
    const lines = ["\0\0\0", "text", "1000 x 0", "1000 1 0.5", "1000 0x10 1", "1e3000 1 1", "", "1007 7", "1001 1 1"];
    writeFileSync(join(run, "metrics", "acc"), `${lines.join("\n")}\n`);
    const history = await store.metricHistory(runId, "acc");
    expect(history.map(({ value, step }) => [value, step])).toEqual([[7, 0], [1, 1]]); // biome-ignore format: one line
  });
});

describe("a run whose process", () => {
  const log = (tag: object) => store.logBatch(runId, { tags: new Map([[processTag, JSON.stringify(tag)]]) });
  const status = async (): Promise<string[]> => {
    const listed = (await store.searchRuns({ only: {} })).runs.map((found) => found.status);
    return [(await store.getRun(runId)).status, ...listed];
  };

  it("runs is RUNNING; one that is gone was KILLED, also in a search", async () => {
    const own = JSON.parse(await ownProcessTag()) as object;
    await log(own);
    expect(await status()).toEqual(["RUNNING", "RUNNING"]);
    await log({ ...own, started: "1" });
    expect(await status()).toEqual(["KILLED", "KILLED"]);
    expect((await store.searchRuns({ filter: "status = 'KILLED'" })).runs).toHaveLength(1);
    await store.updateRun(runId, { status: "FINISHED", endedMs: 2000 });
    expect(await status()).toEqual(["FINISHED", "FINISHED"]);
  });

  it("cannot be asked is RUNNING", async () => {
    const own = JSON.parse(await ownProcessTag()) as { space: string };
    for (const tag of [
      { ...own, host: "elsewhere" },
      { ...own, space: own.space ? `${own.space}x` : "x" },
      {},
      { host: 3 },
    ]) {
      await log({ ...tag, started: "1" });
      expect(await status()).toEqual(["RUNNING", "RUNNING"]);
    }
    await store.logBatch(runId, { tags: new Map([[processTag, "{"]]) });
    expect(await status()).toEqual(["RUNNING", "RUNNING"]);
  });
});
