/** A folder of runs in two hands: MLflow's own client reads and changes ours, and we read MLflow's. */
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openFileRunStore } from "../../src/tracking/files/file-run-store.ts";
import type { ArtifactOwner, MetricPoint, Run } from "../../src/tracking/run.ts";
import type { RunStore } from "../../src/tracking/run-store.ts";
import { findMlflowClient } from "../support/mlflow-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const mlflow = await findMlflowClient();

/** All that a store holds, in the form of the Python script. */
async function dump(folder: string): Promise<unknown> {
  const store = await openFileRunStore(folder);
  const experiments = await store.listExperiments("all");
  const page = await store.searchRuns({
    experimentIds: experiments.map(({ id }) => id),
    lifecycle: "all",
    limit: 1000,
  });
  expect(page.faults).toEqual([]);
  const runs = await Promise.all(page.runs.map(async ({ id }) => [id, await dumpRun(store, await store.getRun(id))]));
  const modelIds = page.runs.flatMap((run) => run.modelIds);
  return {
    experiments: Object.fromEntries(
      experiments.map(({ id, name, lifecycle, tags }) => [id, [name, lifecycle, Object.fromEntries(tags)]]),
    ),
    runs: Object.fromEntries(runs),
    models: Object.fromEntries(await Promise.all(modelIds.map(async (id) => [id, await dumpModel(store, folder, id)]))),
  };
}

async function dumpRun(store: RunStore, run: Run): Promise<unknown> {
  const metrics = [...run.metrics.keys()].map(async (key) => [
    key,
    (await store.metricHistory(run.id, key)).map(pointOf),
  ]);
  return {
    name: run.name,
    experiment: run.experimentId,
    status: run.status,
    lifecycle: run.lifecycle,
    start: run.startedMs,
    end: run.endedMs ?? null,
    user: run.user,
    params: Object.fromEntries(run.params),
    tags: Object.fromEntries(run.tags),
    latest: Object.fromEntries([...run.metrics].map(([key, { value }]) => [key, numberOf(value)])),
    metrics: Object.fromEntries(await Promise.all(metrics)),
    inputs: run.inputs
      .map(({ name, digest, sourceType, source, schema, profile, tags }) => [
        ...[name, digest, sourceType, source, schema ?? null, profile ?? null],
        Object.fromEntries(tags),
      ])
      .sort(),
    models: [...run.modelIds].sort(),
    artifacts: await files(store, { runId: run.id }),
  };
}

async function dumpModel(store: RunStore, folder: string, id: string): Promise<unknown> {
  const model = await store.getModel(id);
  const file = join(folder, model.experimentId, "models", id, "metrics", "of model");
  const lines = (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
  return {
    name: model.name,
    status: model.status,
    run: model.runId,
    experiment: model.experimentId,
    tags: Object.fromEntries(model.tags),
    params: Object.fromEntries(model.params),
    metrics: lines
      .map((line) => line.split(" "))
      .map(([, value, step, run]) => ["of model", Number(value), Number(step), run]),
    artifacts: await files(store, { modelId: id }),
  };
}

async function files(store: RunStore, owner: ArtifactOwner, folder = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { path, isFolder } of await store.listArtifacts(owner, folder)) {
    if (isFolder) Object.assign(found, await files(store, owner, path));
    else for await (const chunk of store.readArtifact(owner, path)) found[path] = Buffer.from(chunk).toString();
  }
  return found;
}

function numberOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function pointOf({ value, timestampMs, step }: MetricPoint): unknown {
  return [numberOf(value), timestampMs, step];
}

/** A store with all that the port can write. */
async function writeOurs(folder: string): Promise<void> {
  const store = await openFileRunStore(folder);
  const point = (key: string, value: number, step: number): MetricPoint => ({
    key,
    value,
    step,
    timestampMs: 1e12 + step,
  });
  for (const name of ["cats-dogs", 'it\'s: #1 "größe" \u0085\u2028 🐕', "true", "1e5"])
    await store.ensureExperiment(name);
  const { id: experimentId } = await store.ensureExperiment("cats-dogs");
  const ids = ["1e345678901234567890123456789012", "12345678901234567890123456789012", undefined, undefined];
  for (const [index, name] of ["null", "it's: a 'run' # \\ \"x\"", "changed", "deleted"].entries()) {
    const given = ids[index];
    const tags = new Map([
      ["mlflow.user", `${index}`],
      ["a/b.c: d", "x\ny: 'z'"],
      ["empty", ""],
      ["größe", "🐕"],
    ]);
    const { id } = await store.createRun({
      experimentId,
      name,
      startedMs: 1e12 + index,
      tags,
      ...(given && { id: given }),
    });
    const values = [0.1 + 0.2, 5e-324, 1e300, -0, -1e-7, 1 / 3, 3, 1e21, Number.NaN, Number.POSITIVE_INFINITY];
    const metrics = values.map((value, step) => point("val/loss", value, step));
    metrics.push(point("nan", Number.NaN, 0), point("inf", Number.POSITIVE_INFINITY, 0));
    metrics.push(point("ninf", Number.NEGATIVE_INFINITY, -4), point("größe a.b-c: d_e", 1, 0));
    await store.logBatch(id, { metrics, params: new Map([...tags, ["long", "x".repeat(6000)]]) });
    await store.logInputs(id, [
      {
        name: "cats: 'x'",
        digest: "0edc593b",
        sourceType: "local",
        source: JSON.stringify({ uri: "data: 'x' #1\n", note: "y".repeat(200) }),
        profile: JSON.stringify({ pictures: 37 }),
        tags: new Map([["mlflow.data.context", "training"], ["true", "null"]]), // biome-ignore format: two tags
      },
    ]);
    await store.writeArtifact({ runId: id }, "notes/größer, 100%.txt", Buffer.from("hello"));
    const model = await store.createModel({
      experimentId,
      name: "model",
      runId: id,
      tags,
      params: new Map([["p/q", "1"]]),
    });
    await store.writeArtifact({ modelId: model.id }, "MLmodel", Buffer.from("flavors: {}"));
    await store.logBatch(id, { metrics: [point("of model", 0.5, 3)], modelId: model.id });
    await store.finishModel(model.id, index === 1 ? "FAILED" : "READY");
    if (name !== "null") await store.updateRun(id, { status: index === 1 ? "KILLED" : "FINISHED", endedMs: 1e12 + 9 });
    if (name === "deleted") await store.deleteRun(id);
  }
}

describe.skipIf(!mlflow)("a folder of runs and MLflow", () => {
  const parent = temporaryFolder("größe #1 100%");
  const ours = join(parent, "it's our store");
  const theirs = join(parent, "theirs");
  beforeAll(async () => {
    await writeOurs(ours);
    mlflow!.call("write", theirs);
  });

  it("is read by MLflow, value for value", async () => {
    expect(mlflow!.call("dump", ours)).toEqual(await dump(ours));
  });

  it("is read where MLflow wrote it, value for value", async () => {
    expect(await dump(theirs)).toEqual(mlflow!.call("dump", theirs));
  });

  it("is read from a copy, artifacts too", async () => {
    const copy = join(parent, "copied store");
    await cp(theirs, copy, { recursive: true });
    expect(await dump(copy)).toEqual(await dump(theirs));
    const [run] = (await (await openFileRunStore(copy)).searchRuns({ filter: "run_name = '1e34'" })).runs;
    expect(decodeURIComponent(run!.artifactUri)).toContain("copied store");
  });

  it("may be written to by both in turn", async () => {
    const copy = join(parent, "changed");
    await cp(ours, copy, { recursive: true });
    mlflow!.call("change", copy);
    const store = await openFileRunStore(copy);
    const [run] = (await store.searchRuns({ filter: "run_name = 'changed by MLflow'" })).runs;
    expect(run).toMatchObject({ status: "FINISHED", lifecycle: "active", endedMs: 1_700_000_011_000 });
    expect(run?.params.get("added")).toBe("1");
    expect(await store.findExperiment("renamed by MLflow")).toMatchObject({ id: run?.experimentId });
    await store.logBatch(run!.id, {
      metrics: [100, 101].map((step) => ({ key: "val/loss", value: 0.125, step, timestampMs: 5 })),
    });
    await store.updateRun(run!.id, { status: "FAILED", endedMs: 1_700_000_012_000 });
    const both = await dump(copy);
    expect(mlflow!.call("dump", copy)).toEqual(both);
    expect((await store.metricHistory(run!.id, "val/loss")).map(({ step }) => step).slice(-3)).toEqual([9, 100, 101]);
  });

  it.each(["ours", "theirs"])("migrates into a database with MLflow's own command: %s", (which) => {
    const target = `sqlite:///${temporaryFolder("migrated")}/mlflow.db`;
    const source = which === "ours" ? ours : theirs;
    const answer = mlflow!.run("migrate-filestore", "--source", source, "--target", target);
    expect(answer).toMatch(/success|complete|migrat/i);
  });
});
