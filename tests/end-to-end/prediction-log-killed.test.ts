/** A service, its database and its disk fail while predictions are logged and labels come in. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  expectKept,
  keepSaying,
  type LoggedService,
  startLoggedService,
  tinyModel,
} from "../support/logged-service.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

const bundle = join(temporaryFolder("logged"), "tiny.onnx");
beforeAll(() => writeUntrainedBundle(tinyModel, bundle));

const server = await startPostgres();

const patience = { timeout: 60_000, interval: 20 };
const longTest = 180_000;
const droppedMetric = "pawprint_prediction_log_dropped_total";
const writtenMetric = "pawprint_prediction_log_written_total";

/** More than the buffer has room for, whatever the store takes meanwhile: 64 pictures a request. */
async function fillBuffer(service: LoggedService): Promise<void> {
  for (let at = 0; (await service.metric(droppedMetric)) === 0; at++) {
    expect(await service.predict(`filling-${at}`, 64)).toMatchObject({ status: 200 });
  }
}

async function end(service: LoggedService): Promise<void> {
  service.child.kill("SIGTERM");
  expect(await service.ended).toBe(0);
}

it(
  "keeps every acknowledged label of a service that is killed, and no prediction twice",
  async () => {
    const log = join(temporaryFolder("log"), "predictions.db");
    const acknowledged = new Map<string, string>();
    for (let kill = 0; kill < 2; kill++) {
      const service = await startLoggedService(bundle, log);
      const said = keepSaying(service);
      await expect.poll(() => said.acknowledged.size, patience).toBeGreaterThan(100);
      service.child.kill("SIGKILL");
      expect(await service.ended).toBe("SIGKILL");
      await said.stop();
      expect([...said.predictions.keys(), ...said.feedback.keys()]).toEqual(["200", "200"]);
      for (const [id, label] of said.acknowledged) acknowledged.set(id, label);
    }
    await expectKept(log, acknowledged);
    const next = await startLoggedService(bundle, log);
    expect((await next.predict("after")).status).toBe(200);
    expect((await next.feedback("after", "cat")).status).toBe(200);
    await end(next);
    await expectKept(log, acknowledged.set("after", "cat"));
  },
  longTest,
);

it(
  "goes on answering on a full disk, counts what it drops, and acknowledges nothing",
  async () => {
    const log = join(temporaryFolder("log"), "predictions.db");
    const service = await startLoggedService(bundle, log, { fileKiB: 512 });
    const said = keepSaying(service, 2);
    await expect.poll(() => said.feedback.get("503 PREDICTION_LOG_UNAVAILABLE"), patience).toBeGreaterThan(0);
    await said.stop();
    await fillBuffer(service);
    expect(await service.predict("full")).toEqual({ status: 200, code: undefined });
    expect(await service.feedback("full", "cat")).toEqual({ status: 503, code: "PREDICTION_LOG_UNAVAILABLE" });
    expect([...said.predictions.keys()]).toEqual(["200"]);
    expect(said.acknowledged.size).toBeGreaterThan(0);
    await end(service);
    await expectKept(log, said.acknowledged);
    // With room again it is a log like any other.
    const next = await startLoggedService(bundle, log);
    await next.predict("after");
    expect((await next.feedback("after", "dog")).status).toBe(200);
    await end(next);
    await expectKept(log, new Map([...said.acknowledged, ["after", "dog"]]));
  },
  longTest,
);

describe("PostgreSQL that is killed", () => {
  if (typeof server === "string") {
    it.skip(`(skipped: ${server})`, () => undefined);
    return;
  }
  afterAll(() => server.stop());

  it(
    "stops no answer, costs no acknowledged label, and doubles no prediction when it is back",
    async () => {
      const { address, drop } = await server.createDatabase();
      const service = await startLoggedService(bundle, address);
      const said = keepSaying(service);
      await expect.poll(() => said.acknowledged.size, patience).toBeGreaterThan(100);
      await server.kill();
      await expect.poll(() => said.feedback.get("503 PREDICTION_LOG_UNAVAILABLE"), patience).toBeGreaterThan(10);
      await fillBuffer(service);
      await server.restart();
      const before = said.acknowledged.size;
      await expect.poll(() => said.acknowledged.size, patience).toBeGreaterThan(before + 100);
      await said.stop();
      expect([...said.predictions.keys()]).toEqual(["200"]);
      expect(new Set(said.feedback.keys())).toEqual(
        new Set(["200", "503 PREDICTION_LOG_UNAVAILABLE", ...dropped(said.feedback)]),
      );
      await expect.poll(() => service.metric("pawprint_prediction_log_waiting"), patience).toBe(0);
      const written = await service.metric(writtenMetric);
      await end(service);
      expect(await expectKept(address, said.acknowledged)).toBe(written);
      await drop();
    },
    longTest,
  );
});

/** Of predictions that the full buffer had no room for nothing is known later. */
function dropped(feedback: ReadonlyMap<string, number>): readonly string[] {
  return [...feedback.keys()].filter((key) => key === "404 PREDICTION_UNKNOWN");
}
