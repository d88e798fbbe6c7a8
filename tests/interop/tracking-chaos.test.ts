/** A recording beside MLflow's own server, which is killed, restarted, and answers as bad networks do. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../../src/base/logger.ts";
import { createRandom } from "../../src/base/random.ts";
import { openSpooledStore } from "../../src/tracking/delivery/spooled-store.ts";
import { openRestRunStore } from "../../src/tracking/rest/rest-run-store.ts";
import { type ChaosProxy, type ProxyFault, startChaosProxy } from "../support/chaos-proxy.ts";
import { findMlflowClient } from "../support/mlflow-client.ts";
import { type MlflowPeer, startMlflowPeer } from "../support/mlflow-peer.ts";
import { findPeerPython } from "../support/peer-python.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const python = await findPeerPython(["mlflow"], (text) => process.stderr.write(`${text}\n`));
const mlflow = await findMlflowClient();

const timeoutMs = 2000;
const epochs = 24;
const stepsOfEpoch = 250;
const point = (step: number, key = "batch/loss") => ({
  key,
  value: Math.sin(step),
  timestampMs: 1_700_000_000_000 + step,
  step,
});
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(!python)("a recording beside a server that fails", () => {
  const folder = temporaryFolder("chaos");
  let server: MlflowPeer;
  let proxy: ChaosProxy;
  beforeAll(async () => {
    server = await startMlflowPeer(python!, { folder: join(folder, "server") });
    proxy = await startChaosProxy(timeoutMs + 1000);
    proxy.target = server.url;
  }, 300_000);
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  }, 60_000);

  it("is whole on the server, each value once, as its own client reads it", async () => {
    const random = createRandom(11);
    const kinds: readonly ProxyFault[] = ["refused", "500", "429", "lost", "cut", "late"];
    let faults = 0;
    proxy.fault = () => (random.next() < 0.2 ? kinds[faults++ % kinds.length] : undefined);
    const logged: string[] = [];
    const remote = await openRestRunStore({
      kind: "server",
      url: proxy.url,
      acceptsAnyCertificate: false,
      timeoutMs,
      retries: 2,
    });
    const store = await openSpooledStore({
      remote,
      folder: join(folder, "spool"),
      logger: createLogger((level) => logged.push(level)),
      closeMs: 240_000,
      awayCloseMs: 240_000,
      pauseMs: 20,
      longestPauseMs: 500,
    });
    const { id: experimentId } = await store.ensureExperiment("chaos");
    const { id } = await store.createRun({ experimentId, name: "chaos", startedMs: 1_700_000_000_000 });
    await store.logBatch(id, { params: new Map([["epochs", String(epochs)]]), tags: new Map([["team", "pets"]]) });

    let restarted: Promise<void> | undefined;
    let slowestMs = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      // Killed for real once, and gone behind the proxy three times more.
      if (epoch === 4) restarted = restart();
      if (epoch === 10 || epoch === 15 || epoch === 20) await restarted;
      if (epoch === 10 || epoch === 15 || epoch === 20) proxy.target = undefined;
      if (epoch === 12 || epoch === 17 || epoch === 22) proxy.target = server.url;
      for (let step = epoch * stepsOfEpoch; step < (epoch + 1) * stepsOfEpoch; step += 10) {
        const started = performance.now();
        await store.logBatch(id, { metrics: Array.from({ length: 10 }, (_, at) => point(step + at)) });
        slowestMs = Math.max(slowestMs, performance.now() - started);
        await rest(40);
      }
      await store.logBatch(id, { metrics: [point(epoch, "val_loss")], tags: new Map([["epoch", String(epoch)]]) });
      await store.writeArtifact({ runId: id }, `notes/${epoch}.txt`, Buffer.from(`epoch ${epoch}`));
    }
    await store.updateRun(id, { status: "FINISHED", endedMs: 1_700_000_100_000 });
    await store.close();
    process.stderr.write(`faults: ${JSON.stringify([...proxy.counts])}; slowest call: ${slowestMs.toFixed(0)} ms\n`);

    const read = mlflow!.call("dump", server.url, "chaos") as { runs: Record<string, ReadRun> }; // the script's form
    const [run, ...others] = Object.values(read.runs);
    expect(others).toEqual([]);
    expect(run).toMatchObject({
      name: "chaos",
      status: "FINISHED",
      end: 1_700_000_100_000,
      params: { epochs: String(epochs) },
    });
    expect(run!.tags).toMatchObject({ team: "pets", epoch: String(epochs - 1) });
    const notes = Array.from({ length: epochs }, (_, epoch) => [`notes/${epoch}.txt`, `epoch ${epoch}`]);
    expect(run!.artifacts).toEqual(Object.fromEntries(notes));
    const expected = (count: number) =>
      Array.from({ length: count }, (_, step) => [point(step).value, point(step).timestampMs, step]);
    const sorted = (points: readonly (readonly number[])[]) => points.toSorted((a, b) => a[2]! - b[2]!);
    expect(sorted(run!.metrics["batch/loss"]!)).toEqual(expected(epochs * stepsOfEpoch));
    expect(sorted(run!.metrics.val_loss!)).toEqual(expected(epochs));
    // No call waited for the server's time limit.
    expect(slowestMs).toBeLessThan(timeoutMs);
    expect([...proxy.counts.keys()].toSorted()).toEqual(kinds.toSorted());
    expect(logged.filter((level) => level === "warn").length).toBe(logged.filter((level) => level === "info").length);
  }, 900_000);

  async function restart(): Promise<void> {
    proxy.target = undefined;
    await server.stop();
    server = await startMlflowPeer(python!, { folder: join(folder, "server") });
    proxy.target = server.url;
  }
});

interface ReadRun {
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly artifacts: Readonly<Record<string, string>>;
}
