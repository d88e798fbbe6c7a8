import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FakeMlflow, type Fault, startFakeMlflow } from "../../../tests/support/mlflow-server.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { createLogger, silentLogger } from "../../base/logger.ts";
import { createRandom } from "../../base/random.ts";
import { openRestRunStore } from "../rest/rest-run-store.ts";
import type { RunStore } from "../run-store.ts";
import { trackingAccess } from "../tracking-access.ts";
import { openSpooledStore } from "./spooled-store.ts";

async function openSpooled(
  server: FakeMlflow,
  { timeoutMs = 150, closeMs = 60_000, retries = 0, logger = silentLogger } = {},
) {
  const access = trackingAccess({ trackingUri: server.url, trackingTimeoutMs: timeoutMs }, {}, (path) => path);
  if (access.kind !== "server") throw new TypeError("the fake server has an address");
  const remote = await openRestRunStore({ ...access, retries });
  const folder = join(temporaryFolder("spool"), "spool");
  const pauses = { patienceMs: 200, pauseMs: 5, longestPauseMs: 40 };
  return openSpooledStore({ remote, folder, logger, closeMs, awayCloseMs: closeMs, ...pauses });
}

const point = (step: number, key = "batch/loss") => ({ key, value: Math.sin(step), timestampMs: 1000 + step, step });
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A training of 1,500 steps in 15 epochs, as the recorder writes it. */
async function train(store: RunStore, at: (epoch: number) => Promise<void>): Promise<string> {
  const { id: experimentId } = await store.ensureExperiment("pets");
  const { id } = await store.createRun({ experimentId, name: "chaos", startedMs: 1000 });
  await store.logBatch(id, { params: new Map([["epochs", "15"]]), tags: new Map([["team", "pets"]]) });
  await store.logInputs(id, [
    {
      name: "pets",
      digest: "abc",
      sourceType: "local",
      source: "{}",
      tags: new Map([["mlflow.data.context", "training"]]),
    },
  ]);
  for (let epoch = 0; epoch < 15; epoch++) {
    await at(epoch);
    for (let step = epoch * 100; step < (epoch + 1) * 100; step += 10) {
      await store.logBatch(id, { metrics: Array.from({ length: 10 }, (_, index) => point(step + index)) });
      await rest(2);
    }
    await store.logBatch(id, { metrics: [point(epoch, "val_loss")], tags: new Map([["epoch", String(epoch)]]) });
    await store.writeArtifact({ runId: id }, "checkpoints/last.bin", Buffer.alloc(1000, epoch));
  }
  const model = await store.createModel({ experimentId, name: "model", runId: id });
  await store.writeArtifact({ modelId: model.id }, "model.onnx", Buffer.from("a bundle"));
  await store.finishModel(model.id, "READY");
  await store.updateRun(id, { status: "FINISHED", endedMs: 5000 });
  return id;
}

function expectWhole(server: FakeMlflow): void {
  const [run, ...others] = [...server.runs.runs.values()];
  expect(others).toEqual([]);
  expect(run).toMatchObject({ name: "chaos", status: "FINISHED", endedMs: 5000, params: new Map([["epochs", "15"]]) });
  const sent = (key: string) => run!.points.get(key)!.toSorted((a, b) => a.step - b.step);
  expect(sent("batch/loss")).toEqual(Array.from({ length: 1500 }, (_, step) => point(step)));
  expect(sent("val_loss")).toEqual(Array.from({ length: 15 }, (_, step) => point(step, "val_loss")));
  expect(run!.tags.get("epoch")).toBe("14");
  expect(run!.inputs).toHaveLength(1);
  const models = run!.outputs.map((id) => server.runs.models.get(id)!);
  expect(models.filter(({ status }) => /READY/.test(status))).toHaveLength(1);
}

/** Of every kind, one request in six. */
function faults(seed: number): (request: unknown) => Fault | undefined {
  const random = createRandom(seed);
  const kinds: readonly Fault[] = [
    "close",
    "cut",
    "lose",
    "silent",
    "stall",
    { status: 500 },
    { status: 503 },
    { status: 429, headers: { "retry-after": "0" } },
  ];
  return () => (random.next() < 1 / 6 ? kinds[random.integer(kinds.length)] : undefined);
}

describe.each([true, false])(
  "a training beside a server that fails (points kept as often as they come: %s)",
  (keepsRepeats) => {
    it.each([1, 2, 3])(
      "has every value there once, though it is restarted three times and answers badly (%i)",
      async (seed) => {
        const server = await startFakeMlflow({ keepsRepeats });
        onTestFinished(() => server.stop());
        server.fault = faults(seed);
        const store = await openSpooled(server);
        await train(store, async (epoch) => {
          if (epoch === 3 || epoch === 7 || epoch === 11) await server.stop();
          if (epoch === 5 || epoch === 8 || epoch === 14) await server.start();
        });
        await store.close();
        expectWhole(server);
      },
      60_000,
    );

    it("has every value there once where the server comes after the training", async () => {
      const server = await startFakeMlflow({ keepsRepeats });
      onTestFinished(() => server.stop());
      await server.stop();
      const logged: string[] = [];
      const logger = createLogger((level) => logged.push(level));
      const store = await openSpooled(server, { logger });
      await train(store, async () => undefined);
      await server.start();
      await store.close();
      expectWhole(server);
      expect(logged).toEqual(["warn", "info"]);
    });
  },
);

it("a training is not held up by a server that does not answer", async () => {
  const server = await startFakeMlflow();
  onTestFinished(() => server.stop());
  server.fault = () => "stall";
  // Where one call of the training waited for an answer, the test would never end.
  const store = await openSpooled(server, { timeoutMs: 600_000, closeMs: 50 });
  await train(store, async () => undefined);
  await store.close();
});

it("a store that was closed sends nothing more, and who delivers its runs makes each once", async () => {
  const server = await startFakeMlflow();
  onTestFinished(() => server.stop());
  await server.stop();
  const store = await openSpooled(server, { closeMs: 20, retries: 20 });
  const { id: experimentId } = await store.ensureExperiment("pets");
  await store.createRun({ experimentId, name: "kept", startedMs: 1000 });
  await rest(100);
  await store.close();
  await server.start();
  await rest(1500);
  expect(server.requests).toEqual([]);
});
