import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { type Fault, type MemoryServer, memoryServer } from "../../../tests/support/memory-run-store.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { AppError } from "../../base/errors.ts";
import { createLogger } from "../../base/logger.ts";
import { createRandom } from "../../base/random.ts";
import type { RunStore } from "../run-store.ts";
import { isKept } from "./known-ids.ts";
import { openSpool } from "./spool.ts";
import { openSpooledStore } from "./spooled-store.ts";

const pauses = { patienceMs: 40, pauseMs: 5, longestPauseMs: 20 } as const;

function setUp(fault: (call: string) => Fault = () => "none", keepsDuplicates = true) {
  const server = memoryServer({ fault, keepsDuplicates });
  const folder = temporaryFolder("spool");
  const logged: string[] = [];
  const logger = createLogger((level, message) => logged.push(`${level}: ${message}`));
  const open = (closeMs = 20_000) =>
    openSpooledStore({ remote: server, folder, logger, closeMs, awayCloseMs: closeMs, ...pauses });
  const waiting = async () => (await openSpool(folder)).store.searchRuns({}).then(({ runs }) => runs);
  return { server, folder, logged, open, waiting };
}

const point = (step: number, key = "batch/loss") => ({ key, value: 1 / (step + 1), timestampMs: 1000 + step, step });

async function startRun(store: RunStore) {
  const { id: experimentId } = await store.ensureExperiment("pets");
  return store.createRun({ experimentId, name: "one", startedMs: 1000, tags: new Map([["team", "pets"]]) });
}

function stepsAt(server: MemoryServer, key = "batch/loss"): number[] {
  const [run, ...others] = [...server.runs.values()];
  expect(others).toEqual([]);
  return (run?.history.get(key) ?? []).map(({ step }) => step).toSorted((a, b) => a - b);
}

const range = (count: number): number[] => Array.from({ length: count }, (_, step) => step);

describe("a store with a spool", () => {
  it("takes a tag away at the server that was deleted while the server was away", async () => {
    let isAway = false;
    const { server, open } = setUp(() => (isAway ? "before" : "none"));
    const store = await open();
    const { id } = await startRun(store);
    await store.logBatch(id, { tags: new Map([["draft", "yes"]]) });
    await expect.poll(() => server.runs.get(id)?.tags.get("draft")).toBe("yes");
    isAway = true;
    await store.deleteTag(id, "draft");
    await store.logBatch(id, { metrics: [point(0)] });
    await expect.poll(() => server.calls.length).toBeGreaterThan(20);
    isAway = false;
    await store.updateRun(id, { status: "FINISHED", endedMs: 5000 });
    await store.close();
    expect(server.runs.get(id)?.tags.has("draft")).toBe(false);
    expect(stepsAt(server)).toEqual([0]);
  });

  it("gives the server's id, delivers while it is written to, and leaves nothing behind", async () => {
    const { server, open, waiting, folder, logged } = setUp();
    const store = await open();
    const { id } = await startRun(store);
    expect([...server.runs.keys()]).toEqual([id]);
    expect(isKept(await store.getRun(id))).toBe(false);
    await store.logBatch(id, { metrics: [point(0)], params: new Map([["lr", "0.1"]]) });
    await expect.poll(() => stepsAt(server)).toEqual([0]);
    await store.logBatch(id, { metrics: [point(1), point(2)] });
    await expect.poll(() => stepsAt(server)).toEqual([0, 1, 2]);
    expect(server.calls.filter((call) => call === "metricHistory")).toEqual([]);
    await store.updateRun(id, { status: "FINISHED", endedMs: 5000 });
    await store.close();
    expect(server.runs.get(id)).toMatchObject({ status: "FINISHED", endedMs: 5000, params: new Map([["lr", "0.1"]]) });
    expect(await waiting()).toEqual([]);
    expect(await readdir(join(folder, "locks"))).toEqual([]);
    expect(logged).toEqual([]);
  });

  it("goes on without a server, and tells at the end what is left", async () => {
    let isAway = true;
    const { server, open, waiting, logged, folder } = setUp(() => (isAway ? "before" : "none"));
    const store = await open(100);
    const { id } = await startRun(store);
    expect(isKept(await store.getRun(id))).toBe(true);
    for (const step of range(50)) await store.logBatch(id, { metrics: [point(step)] });
    await store.writeArtifact({ runId: id }, "notes.txt", Buffer.from("hello"));
    await store.updateRun(id, { status: "FINISHED", endedMs: 5000 });
    await store.close();
    expect(server.runs.size).toBe(0);
    expect(await waiting()).toMatchObject([{ id, status: "FINISHED" }]);
    expect(logged).toEqual([
      expect.stringContaining("warn: runs are kept on disk until the server http://tracking.test:5000 takes them"),
      `warn: 1 run (50 points of metrics) could not be delivered to http://tracking.test:5000 and stay in ${folder}; deliver with: pawprint runs push`,
    ]);
    // A later process goes on with the run, and delivers all of it.
    isAway = false;
    const later = await open();
    await later.updateRun(id, { status: "RUNNING" });
    await later.logBatch(id, { metrics: [point(50)] });
    expect((await later.getRun(id)).metrics.get("batch/loss")?.step).toBe(50);
    await later.updateRun(id, { status: "FINISHED", endedMs: 6000 });
    await later.close();
    expect(stepsAt(server)).toEqual(range(51));
    const [target] = [...server.runs.values()];
    expect(target).toMatchObject({ status: "FINISHED", endedMs: 6000 });
    expect(target!.tags.get("pawprint.run_id")).toBe(id);
    expect(server.files.get(`${target!.id}/notes.txt`)?.toString()).toBe("hello");
    expect(await waiting()).toEqual([]);
  });

  it("makes one run where the answer to its creation comes too late", async () => {
    const { server, open } = setUp((call) => (call === "createRun" ? "slow" : "none"));
    const store = await open();
    const { id } = await startRun(store);
    await store.logBatch(id, { metrics: [point(0)] });
    await store.updateRun(id, { status: "FINISHED", endedMs: 5000 });
    await store.close();
    expect(stepsAt(server)).toEqual([0]);
    expect([...server.runs.values()][0]).toMatchObject({ status: "FINISHED", name: "one" });
  });

  it("tells once that the server went, and once that it is back", async () => {
    let isAway = false;
    const { server, open, logged } = setUp(() => (isAway ? "after" : "none"));
    const store = await open();
    const { id } = await startRun(store);
    for (const step of range(300)) {
      isAway = step >= 100 && step < 200;
      await store.logBatch(id, { metrics: [point(step)] });
      if (step % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await store.updateRun(id, { status: "FINISHED", endedMs: 5000 });
    await store.close();
    expect(stepsAt(server)).toEqual(range(300));
    expect(logged.map((line) => line.split(":")[0])).toEqual(["warn", "info"]);
  });

  it("continues a run of the server that the spool does not have any more", async () => {
    const { server, open, waiting } = setUp();
    const first = await open();
    const { id } = await startRun(first);
    await first.logBatch(id, { metrics: range(10).map((step) => point(step)), params: new Map([["lr", "0.1"]]) });
    await first.updateRun(id, { status: "FAILED", endedMs: 5000 });
    await first.close();
    const second = await open();
    await second.updateRun(id, { status: "RUNNING" });
    expect((await second.getRun(id)).metrics.get("batch/loss")?.step).toBe(9);
    expect(await failureOf(second.logBatch(id, { params: new Map([["lr", "0.2"]]) }))).toMatchObject({
      code: "PARAM_CHANGED",
    });
    await second.logBatch(id, { metrics: [point(10)] });
    await second.updateRun(id, { status: "FINISHED", endedMs: 6000 });
    await second.close();
    expect(stepsAt(server)).toEqual(range(11));
    expect(server.runs.get(id)).toMatchObject({ status: "FINISHED", endedMs: 6000 });
    expect(await waiting()).toEqual([]);
  });

  it("logs models and their metrics under the server's ids", async () => {
    const { server, open } = setUp();
    const store = await open();
    const { id, experimentId } = await startRun(store);
    const model = await store.createModel({ experimentId, name: "model", runId: id });
    await store.writeArtifact({ modelId: model.id }, "model.onnx", Buffer.from("bytes"));
    await store.finishModel(model.id, "READY");
    await store.logBatch(id, { metrics: [point(1, "test_accuracy")], modelId: model.id });
    await store.updateRun(id, { status: "FINISHED", endedMs: 5000 });
    await store.close();
    const [there] = [...server.models.values()];
    expect(there).toMatchObject({ runId: id, status: "READY" });
    expect(server.files.get(`${there!.id}/model.onnx`)?.toString()).toBe("bytes");
    expect(stepsAt(server, "test_accuracy")).toEqual([1]);
  });

  it("says at once what the server refuses the caller", async () => {
    const server = memoryServer();
    const refused = new AppError("TRACKING_REFUSED", { required: "a user's name and password", received: "none" });
    const remote = { ...server, findExperiment: () => Promise.reject(refused) };
    const { folder } = setUp();
    const store = await openSpooledStore({ remote, folder, logger: createLogger(() => undefined), ...pauses });
    expect(await failureOf(store.findExperiment("pets"))).toBe(refused);
    await store.close();
  });

  it("keeps a run to one process at a time", async () => {
    const { open } = setUp();
    const [first, second] = [await open(), await open(10)];
    const { id } = await startRun(first);
    expect(await failureOf(second.logBatch(id, { metrics: [point(0)] }))).toMatchObject({ code: "LOCKED" });
    await second.close();
    await first.close();
  });

  it.each([true, false])(
    "has every point once at the server, whatever fails in between (duplicates kept: %s)",
    async (keepsDuplicates) => {
      for (let seed = 1; seed <= 8; seed++) {
        const random = createRandom(seed);
        let outage = 0;
        const fault = (): Fault => {
          if (outage > 0) {
            outage--;
            return "before";
          }
          const drawn = random.next();
          if (drawn < 0.02) outage = random.integer(12);
          if (drawn > 0.12) return "none";
          return (["before", "after", "half", "slow"] as const)[random.integer(4)]!;
        };
        const { server, open, waiting } = setUp(fault, keepsDuplicates);
        const store = await open(60_000);
        const { id } = await startRun(store);
        for (let step = 0; step < 600; ) {
          const count = Math.min(1 + random.integer(9), 600 - step);
          await store.logBatch(id, { metrics: Array.from({ length: count }, (_, index) => point(step + index)) });
          if (step % 97 === 0) {
            await store.logBatch(id, {
              params: new Map([[`p${step}`, "x"]]),
              tags: new Map([["latest", String(step)]]),
              metrics: [point(step, "epoch")],
            });
            await store.writeArtifact({ runId: id }, `files/${step}.txt`, Buffer.from(String(step)));
          }
          step += count;
          if (random.next() < 0.2) await new Promise((resolve) => setTimeout(resolve, 4));
        }
        await store.updateRun(id, { status: "FINISHED", endedMs: 9000 });
        const source = await store.getRun(id);
        await store.close();
        expect(stepsAt(server)).toEqual(range(600));
        const [target] = [...server.runs.values()];
        expect(target!.history.get("epoch")?.length).toBe(source.params.size);
        expect(target).toMatchObject({ status: "FINISHED", endedMs: 9000, params: source.params });
        expect([...server.files.keys()].filter((path) => path.startsWith(target!.id))).toHaveLength(source.params.size);
        expect(await waiting()).toEqual([]);
      }
    },
    60_000,
  );
});
