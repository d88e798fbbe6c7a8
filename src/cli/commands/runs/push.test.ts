import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { type FakeMlflow, startFakeMlflow } from "../../../../tests/support/mlflow-server.ts";
import { recordRuns } from "../../../../tests/support/recorded-runs.ts";
import { registeredModels } from "../../../../tests/support/registered-models.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { silentLogger } from "../../../base/logger.ts";
import { openFileRunStore } from "../../../tracking/files/file-run-store.ts";
import { trackingAccess } from "../../../tracking/tracking-access.ts";
import { openModelRegistry, openRecordingStore } from "../../../wire/tracking.ts";
import { runCommand } from "../../frame/run-command.ts";

async function setUp(server?: FakeMlflow) {
  const cwd = temporaryFolder("push");
  const push = async (...argv: string[]) => {
    const env = server === undefined ? {} : { MLFLOW_TRACKING_URI: server.url };
    const { context, out, err, logged } = captureContext({ cwd, env });
    const exitCode = await runCommand(["runs", "push", ...argv], context);
    return { exitCode, out: out(), err: err(), logged };
  };
  return { cwd, push, runs: await openFileRunStore(join(cwd, "runs")) };
}

async function startServer(): Promise<FakeMlflow> {
  const server = await startFakeMlflow();
  onTestFinished(() => server.stop());
  return server;
}

describe("runs push", () => {
  it("copies the runs of a folder to a server once, parents before children", async () => {
    const server = await startServer();
    const { push, runs } = await setUp();
    await recordRuns(runs, [
      { name: "search", metrics: { best: [1] } },
      { name: "trial 1", parent: "search", params: { lr: "0.1" }, metrics: { val_accuracy: [0.5, 0.75] } },
    ]);
    const first = await push("--to", server.url);
    expect(first.exitCode).toBe(0);
    expect(first.out).toMatch(/search +\w{12} +new +1 +0/);
    expect(first.out).toMatch(/trial 1 +\w{12} +new +2 +0/);
    expect(first.out).toContain("Delivered  2 runs, 0 unchanged");
    const [parent, child] = [...server.runs.runs.values()];
    expect(child!.tags.get("mlflow.parentRunId")).toBe(parent!.id);
    const again = await push("--from", "runs", "--to", server.url, "--json");
    expect(JSON.parse(again.out)).toMatchObject({
      runs: [
        { points: 0, isNew: false },
        { points: 0, isNew: false },
      ],
      held: [],
    });
    expect((await push("--to", server.url)).out).toContain("Nothing left to deliver: 2 runs unchanged");
    expect(server.runs.runs.size).toBe(2);
  });

  it("brings one run of a server into a folder", async () => {
    const server = await startServer();
    const { push, runs, cwd } = await setUp(server);
    await recordRuns(runs, [{ name: "one" }, { name: "two", metrics: { loss: [1, Number.NaN] } }]);
    await push("--from", "runs");
    const { exitCode, out } = await push("two", "--from", server.url, "--to", "copy");
    expect(exitCode).toBe(0);
    expect(out).toContain("Next: pawprint runs list --tracking-uri");
    const { runs: copied } = await (await openFileRunStore(join(cwd, "copy"))).searchRuns({});
    expect(copied.map(({ name }) => name)).toEqual(["two"]);
  });

  it("delivers what waits for the server, and leaves alone what another process records", async () => {
    const server = await startServer();
    const { push, cwd } = await setUp(server);
    await server.stop();
    const access = trackingAccess({ trackingUri: server.url, trackingTimeoutMs: 500 }, {}, (path) => path);
    const spoolFolder = join(cwd, ".pawprint", "spool");
    const store = await openRecordingStore(access, { spoolFolder, logger: silentLogger, closeMs: 100 });
    const { id: experimentId } = await store.ensureExperiment("pets");
    const { id } = await store.createRun({ experimentId, name: "kept", startedMs: 1000 });
    await store.logBatch(id, { metrics: [{ key: "loss", value: 1, timestampMs: 1, step: 1 }] });
    await store.updateRun(id, { status: "FINISHED", endedMs: 2000 });
    const away = await push("--tracking-timeout-ms", "500");
    expect(away.exitCode).toBe(0);
    expect(away.out).toContain("Nothing left to deliver: 0 runs unchanged; 1 run of other processes left");
    await store.close();
    await server.start();
    const delivered = await push();
    expect(delivered.out).toMatch(/kept +\w{12} +new +1 +0/);
    expect([...server.runs.runs.values()]).toMatchObject([{ name: "kept", status: "FINISHED" }]);
    expect((await push()).out).toContain("Nothing left to deliver: 0 runs unchanged");
  });

  it("copies registered models with their versions and aliases once", async () => {
    const server = await startServer();
    const { push, cwd } = await setUp();
    const models = await registeredModels({ kind: "folder", folder: join(cwd, "runs") });
    const { version } = await models.register("cats-dogs");
    await models.registry.setAlias("cats-dogs", "champion", version);
    await models.registry.describeModel("cats-dogs", "Tells cats from dogs.");
    const first = await push("--to", server.url, "--models");
    expect(first.out).toContain("Model cats-dogs  version 1; aliases champion");
    const there = await openModelRegistry(trackingAccess({ trackingUri: server.url }, {}, (path) => path));
    expect(await there.resolveAlias("cats-dogs", "champion")).toBe("1");
    expect((await there.findModel("cats-dogs"))?.description).toBe("Tells cats from dogs.");
    const copied = await there.getVersion("cats-dogs", "1");
    expect(server.runs.models.has(copied.modelId!)).toBe(true);
    expect((await there.listFiles(copied)).map(({ path }) => path)).toContain("model.onnx");
    expect((await push("--to", server.url, "--models")).out).toContain("Nothing left to deliver: 1 run unchanged");
    expect(await there.listVersions("cats-dogs")).toHaveLength(1);
    // A further version there: the alias is not moved by a copy.
    await models.registry.setAlias("cats-dogs", "champion", (await models.register("cats-dogs", { seed: 2 })).version);
    expect((await push("--to", server.url, "--models")).out).toContain(
      "Model cats-dogs  version 2; aliases that stay with other versions: champion",
    );
    expect(await there.resolveAlias("cats-dogs", "champion")).toBe("1");
    await there.close();
  });

  it("reports what the server refuses, with exit code 1", async () => {
    const server = await startServer();
    const { push, runs } = await setUp();
    await recordRuns(runs, [{ name: "one", params: { lr: "0.1" } }]);
    await push("--to", server.url);
    [...server.runs.runs.values()][0]!.params.set("lr", "0.2");
    const { exitCode, out, logged } = await push("--to", server.url);
    expect(exitCode).toBe(1);
    expect(out).toContain("1 refusal");
    expect(logged.map(({ message }) => message).join("\n")).toContain("parameter lr of run");
  });

  it("asks for what it cannot guess", async () => {
    const { push, cwd } = await setUp();
    const none = await push();
    expect(none).toMatchObject({ exitCode: 2 });
    expect(none.err).toContain("Expected a server to deliver to; got the folder");
    expect((await push("--from", "runs", "--to", "./runs")).err).toContain("Expected two places");
    expect(existsSync(join(cwd, ".pawprint"))).toBe(false);
  });
});
