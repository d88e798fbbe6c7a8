/** A folder of runs in two hands: MLflow's own client reads and changes ours, and we read MLflow's. */
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openFileRunStore } from "../../src/tracking/files/file-run-store.ts";
import { findMlflowClient } from "../support/mlflow-client.ts";
import { dumpRuns, writeSampleRuns } from "../support/sample-runs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const mlflow = await findMlflowClient();

/** All that a folder holds, in the form of the Python script. */
async function dump(folder: string): Promise<unknown> {
  return dumpRuns(await openFileRunStore(folder), async ({ id, experimentId }) => {
    const file = join(folder, experimentId, "models", id, "metrics", "of model");
    const lines = (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
    return lines
      .map((line) => line.split(" "))
      .map(([, value, step, run]) => ["of model", Number(value), Number(step), run]);
  });
}

describe.skipIf(!mlflow)("a folder of runs and MLflow", () => {
  const parent = temporaryFolder("größe #1 100%");
  const ours = join(parent, "it's our store");
  const theirs = join(parent, "theirs");
  beforeAll(async () => {
    await writeSampleRuns(await openFileRunStore(ours), "cats-dogs");
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
