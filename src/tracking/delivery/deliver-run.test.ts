import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { type Fault, type MemoryServer, memoryServer } from "../../../tests/support/memory-run-store.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { createRandom } from "../../base/random.ts";
import { openFileRunStore } from "../files/file-run-store.ts";
import type { RunStore } from "../run-store.ts";
import { deliverRun } from "./deliver-run.ts";

const large = 3 * 2 ** 20;

/** A run with something of each kind, in a folder of runs. */
async function recordedRun({ points = 2500 } = {}) {
  const store = await openFileRunStore(join(temporaryFolder("delivery"), "runs"));
  const { id: experimentId } = await store.ensureExperiment("cats & dogs");
  const { id } = await store.createRun({
    experimentId,
    name: "first",
    startedMs: 1000,
    tags: new Map([["team", "pets"]]),
  });
  const metrics = Array.from({ length: points }, (_, step) => ({
    key: "batch/loss",
    value: 1 / (step + 1),
    timestampMs: 2000 + step,
    step,
  }));
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324].map((value, step) => ({
    key: "odd",
    value,
    timestampMs: 7000,
    step,
  }));
  await store.logBatch(id, {
    metrics: [...metrics, ...odd],
    params: new Map([
      ["lr", "0.1"],
      ["source", `runs:/${id}/model`],
    ]),
  });
  await store.logInputs(id, [
    {
      name: "pets",
      digest: "abc",
      sourceType: "local",
      source: "{}",
      tags: new Map([["mlflow.data.context", "training"]]),
    },
  ]);
  await store.writeArtifact({ runId: id }, "plots/loss.svg", Buffer.from("<svg/>"));
  await store.writeArtifact({ runId: id }, "large.bin", Buffer.alloc(large, 7));
  const model = await store.createModel({ experimentId, name: "model", runId: id, params: new Map([["a", "b"]]) });
  await store.writeArtifact({ modelId: model.id }, "MLmodel", Buffer.from(`run_id: ${id}\nmodel_id: ${model.id}\n`));
  await store.writeArtifact({ modelId: model.id }, "data/model.onnx", Buffer.alloc(large, 9));
  await store.finishModel(model.id, "READY");
  await store.logBatch(id, {
    metrics: [{ key: "test_accuracy", value: 0.9, timestampMs: 6000, step: 3 }],
    modelId: model.id,
  });
  await store.updateRun(id, { status: "FINISHED", endedMs: 9000 });
  return { store, id, modelId: model.id, experimentId, pointCount: points + odd.length + 1 };
}

/** That the server has the run once, value for value. */
async function expectWhole(server: MemoryServer, store: RunStore, id: string): Promise<void> {
  const source = await store.getRun(id);
  const [target, ...others] = [...server.runs.values()];
  expect(others).toEqual([]);
  expect(target).toMatchObject({
    name: source.name,
    status: source.status,
    startedMs: source.startedMs,
    endedMs: source.endedMs,
  });
  for (const key of source.metrics.keys()) {
    const sorted = (points: readonly object[]) =>
      points
        .map((point) => JSON.stringify(point, (_, value) => (typeof value === "number" ? String(value) : value)))
        .toSorted();
    expect(sorted(target!.history.get(key)!)).toEqual(sorted(await store.metricHistory(id, key)));
  }
  expect(target!.tags.get("pawprint.run_id")).toBe(id);
  expect(target!.tags.get("team")).toBe("pets");
  expect(target!.params.get("source")).toBe(`runs:/${target!.id}/model`);
  expect(target!.inputs).toHaveLength(1);
  expect(server.files.get(`${target!.id}/plots/loss.svg`)?.toString()).toBe("<svg/>");
  expect(server.files.get(`${target!.id}/large.bin`)?.equals(Buffer.alloc(large, 7))).toBe(true);
  const model = server.models.get(target!.modelIds.at(-1)!)!;
  expect(model.metrics).toEqual([{ key: "test_accuracy", value: 0.9, timestampMs: 6000, step: 3 }]);
  expect(model).toMatchObject({ name: "model", status: "READY", runId: target!.id });
  expect(server.files.get(`${model.id}/MLmodel`)?.toString()).toBe(`run_id: ${target!.id}\nmodel_id: ${model.id}\n`);
  expect(server.files.get(`${model.id}/data/model.onnx`)?.length).toBe(large);
}

describe("the delivery of a run", () => {
  it("brings all of it, and nothing when it is repeated", async () => {
    const { store, id, pointCount } = await recordedRun();
    const server = memoryServer({ keepsDuplicates: true });
    expect(await deliverRun(store, id, server)).toMatchObject({
      isNew: true,
      points: pointCount,
      params: 2,
      inputs: 1,
      files: 4,
      models: 1,
      problems: [],
    });
    await expectWhole(server, store, id);
    const before = server.calls.filter((call) => /^(log|write|create|update|finish)/.test(call)).length;
    expect(await deliverRun(store, id, server)).toMatchObject({
      isNew: false,
      points: 0,
      params: 0,
      tags: 0,
      inputs: 0,
      files: 0,
      models: 0,
      problems: [],
    });
    expect(server.calls.filter((call) => /^(log|write|create|update|finish)/.test(call))).toHaveLength(before);
  });

  it("goes on with what was added: points, a file of the same size, a new name", async () => {
    const { store, id } = await recordedRun({ points: 10 });
    const server = memoryServer({ keepsDuplicates: true });
    await deliverRun(store, id, server);
    await store.logBatch(id, { metrics: [{ key: "batch/loss", value: 0.5, timestampMs: 8000, step: 10 }] });
    await store.writeArtifact({ runId: id }, "plots/loss.svg", Buffer.from("<SVG/>"));
    await store.updateRun(id, { name: "renamed" });
    expect(await deliverRun(store, id, server)).toMatchObject({ points: 1, files: 1, params: 0 });
    const [target] = [...server.runs.values()];
    expect(target).toMatchObject({ name: "renamed" });
    expect(server.files.get(`${target!.id}/plots/loss.svg`)?.toString()).toBe("<SVG/>");
  });

  it("compares large files of the same size where that is asked for", async () => {
    const { store, id } = await recordedRun({ points: 1 });
    const server = memoryServer();
    await deliverRun(store, id, server);
    await store.writeArtifact({ runId: id }, "large.bin", Buffer.alloc(large, 8));
    expect(await deliverRun(store, id, server)).toMatchObject({ files: 0 });
    expect(await deliverRun(store, id, server, { comparesAll: true })).toMatchObject({ files: 1, bytes: large });
  });

  it("comes back into a folder, with the server's id, and is known at both ends", async () => {
    const { store, id, pointCount } = await recordedRun();
    const server = memoryServer();
    const { targetId } = await deliverRun(store, id, server);
    const copy = await openFileRunStore(join(temporaryFolder("delivery"), "runs"));
    expect(await deliverRun(server, targetId, copy)).toMatchObject({
      isNew: true,
      targetId,
      points: pointCount,
      files: 4,
      models: 1,
    });
    expect(await deliverRun(server, targetId, copy)).toMatchObject({ isNew: false, points: 0, files: 0, models: 0 });
    // The copy, the server and the first folder are one run, whichever way it goes.
    expect(await deliverRun(copy, targetId, server)).toMatchObject({ isNew: false, points: 0, files: 0 });
    expect(await deliverRun(server, targetId, store)).toMatchObject({ isNew: false, targetId: id, points: 0 });
    expect(await deliverRun(copy, targetId, store)).toMatchObject({ isNew: false, targetId: id, points: 0 });
    expect(await deliverRun(store, id, copy)).toMatchObject({ isNew: false, targetId, points: 0 });
    expect((await copy.getRun(targetId)).status).toBe("FINISHED");
  });

  it("reports a parameter that differs, and delivers the rest", async () => {
    const { store, id } = await recordedRun({ points: 3 });
    const server = memoryServer();
    const { targetId } = await deliverRun(store, id, server);
    server.runs.get(targetId)!.params.set("lr", "0.2");
    await store.logBatch(id, { params: new Map([["epochs", "3"]]) });
    const delivery = await deliverRun(store, id, server);
    expect(delivery).toMatchObject({
      params: 1,
      problems: [{ what: "parameter lr", error: { code: "PARAM_CHANGED" } }],
    });
    expect(delivery.problems[0]!.error.message).toBe(
      'Expected the value that the target has, "0.2"; got "0.1" (parameter lr at http://tracking.test:5000)',
    );
    expect(server.runs.get(targetId)!.params.get("epochs")).toBe("3");
  });

  it("writes nothing to a run that was deleted at the target", async () => {
    const { store, id } = await recordedRun({ points: 3 });
    const server = memoryServer();
    const { targetId } = await deliverRun(store, id, server);
    await server.deleteRun(targetId);
    await store.logBatch(id, { params: new Map([["epochs", "3"]]) });
    expect(await deliverRun(store, id, server)).toMatchObject({ isNew: false, params: 0, problems: [{ what: "run" }] });
    expect(server.runs.size).toBe(1);
  });

  it("puts models among the artifacts of a server before MLflow 3", async () => {
    const { store, id } = await recordedRun({ points: 3 });
    const server = memoryServer({ hasNoModels: true });
    const { targetId, problems } = await deliverRun(store, id, server);
    expect(problems).toEqual([]);
    expect(server.files.get(`${targetId}/model/data/model.onnx`)?.length).toBe(large);
    expect(await deliverRun(store, id, server)).toMatchObject({ files: 0 });
  });

  it("maps a parent to its copy, whichever of them comes first", async () => {
    const { store, id: parent, experimentId } = await recordedRun({ points: 1 });
    const tags = new Map([["mlflow.parentRunId", parent]]);
    const { id } = await store.createRun({ experimentId, name: "child", startedMs: 1, tags });
    const server = memoryServer();
    const child = await deliverRun(store, id, server);
    expect(server.runs.get(child.targetId)!.tags.get("mlflow.parentRunId")).toBe(parent);
    const { targetId } = await deliverRun(store, parent, server);
    await deliverRun(store, id, server);
    expect(server.runs.get(child.targetId)!.tags.get("mlflow.parentRunId")).toBe(targetId);
  });

  it("ends a run that was killed where it was last heard of", async () => {
    const { store, id } = await recordedRun({ points: 3 });
    const gone = { host: (await import("node:os")).hostname(), pid: 1, space: "another boot x", started: "1" };
    await store.updateRun(id, { status: "RUNNING" });
    await store.logBatch(id, { tags: new Map([["pawprint.process", JSON.stringify(gone)]]) });
    const server = memoryServer();
    const { targetId } = await deliverRun(store, id, server);
    expect(server.runs.get(targetId)).toMatchObject({ status: "KILLED", endedMs: 7000 });
    const calls = server.calls.length;
    await deliverRun(store, id, server);
    expect(server.calls.slice(calls)).not.toContain("updateRun");
  });

  it.each([true, false])(
    "that is cut off anywhere ends whole when it is repeated (duplicates kept: %s)",
    async (keepsDuplicates) => {
      const { store, id } = await recordedRun({ points: 4200 });
      for (let seed = 1; seed <= 12; seed++) {
        const random = createRandom(seed);
        let quiet = 0;
        const fault = (): Fault => {
          if (quiet > 0) return "none";
          const drawn = random.next();
          if (drawn > 0.25) return "none";
          return (["before", "after", "half"] as const)[Math.floor(random.next() * 3)]!;
        };
        const server = memoryServer({ keepsDuplicates, fault });
        let attempts = 0;
        for (; attempts < 400; attempts++) {
          try {
            await deliverRun(store, id, server);
            break;
          } catch (error) {
            expect(error).toMatchObject({ code: "TRACKING_UNAVAILABLE" });
          }
        }
        expect(attempts).toBeLessThan(400);
        quiet = 1;
        await expectWhole(server, store, id);
        expect(await deliverRun(store, id, server)).toMatchObject({ points: 0, problems: [] });
      }
    },
  );

  it("ends between two calls when it is interrupted", async () => {
    const { store, id } = await recordedRun({ points: 3000 });
    const controller = new AbortController();
    const server = memoryServer({
      fault: (call) => {
        if (call === "logBatch") controller.abort();
        return "none";
      },
    });
    const failure = await failureOf(deliverRun(store, id, server, { signal: controller.signal }));
    expect(failure.code).toBe("INTERRUPTED");
    await deliverRun(store, id, server);
    await expectWhole(server, store, id);
  });
});
