import { describe, expect, it, onTestFinished } from "vitest";
import { describeRunStore } from "../../../tests/contracts/run-store.ts";
import { failureOf } from "../../../tests/support/failure-of.ts";
import {
  type FakeMlflow,
  type FakeMlflowOptions,
  type Fault,
  startFakeMlflow,
} from "../../../tests/support/mlflow-server.ts";
import type { MetricPoint } from "../run.ts";
import type { RunStore } from "../run-store.ts";
import type { ServerAccess } from "../tracking-access.ts";
import { openRestRunStore } from "./rest-run-store.ts";
import { isAmbiguous } from "./server-failure.ts";

function open(url: string): Promise<RunStore> {
  const access: ServerAccess = { kind: "server", url, acceptsAnyCertificate: false, timeoutMs: 400, retries: 5 };
  return openRestRunStore(access, { timing: { sleep: async () => undefined, random: () => 0, now: Date.now } });
}

for (const keepsRepeats of [false, true]) {
  describeRunStore(`a server over ${keepsRepeats ? "folders" : "a database"}`, async () => {
    const server = await startFakeMlflow({ keepsRepeats });
    return { store: await open(server.url), reopen: () => open(server.url), remove: () => server.stop() };
  });
}

interface Started {
  readonly server: FakeMlflow;
  readonly store: RunStore;
  readonly runId: string;
}

async function start(options: FakeMlflowOptions = {}): Promise<Started> {
  const server = await startFakeMlflow(options);
  const store = await open(server.url);
  onTestFinished(async () => {
    await store.close();
    await server.stop();
  });
  const { id: experimentId } = await store.ensureExperiment("cats-dogs");
  const { id: runId } = await store.createRun({ experimentId, name: "a run", startedMs: 1 });
  return { server, store, runId };
}

function points(count: number): MetricPoint[] {
  return Array.from({ length: count }, (_, step) => ({
    key: `m${step % 3}`,
    value: step / 7,
    step,
    timestampMs: step,
  }));
}

/** Every second request to log goes wrong, each time in another way. */
function disturb(server: FakeMlflow): void {
  const faults: readonly Fault[] = [
    "cut",
    "lose",
    "silent",
    "close",
    "stall",
    { status: 500 },
    { status: 503 },
    { status: 429 },
  ];
  let count = 0;
  server.fault = ({ path }) => {
    if (!path.endsWith("runs/log-batch")) return undefined;
    const at = count++;
    return at % 2 === 0 ? faults[(at / 2) % faults.length] : undefined;
  };
}

describe.each([false, true])("points over a store that keeps repeats: %s", (keepsRepeats) => {
  it("are there once each, whatever goes wrong on the way", async () => {
    const { server, store, runId } = await start({ keepsRepeats });
    disturb(server);
    const metrics = points(9000);
    await store.logBatch(runId, { metrics });
    server.fault = undefined;
    for (const key of ["m0", "m1", "m2"]) {
      expect(await store.metricHistory(runId, key)).toEqual(metrics.filter((point) => point.key === key));
    }
  }, 60_000);
});

describe("a batch", () => {
  it("is sent within MLflow's limits", async () => {
    const { server, store, runId } = await start();
    const many = (prefix: string, count: number) =>
      new Map(Array.from({ length: count }, (_, at) => [`${prefix}${at}`, `${at}`]));
    await store.logBatch(runId, { metrics: points(2150), params: many("p", 250), tags: many("t", 150) });
    const sizes = server.requests
      .filter(({ path }) => path.endsWith("runs/log-batch"))
      .map(({ input }) => ["params", "tags", "metrics"].map((name) => [input[name] ?? []].flat().length));
    expect(sizes).toEqual([
      [100, 0, 0],
      [100, 0, 0],
      [50, 100, 850],
      [0, 50, 950],
      [0, 0, 350],
    ]);
  });

  it("has NaN and infinities as texts, which come back as numbers", async () => {
    const { server, store, runId } = await start();
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const metrics = values.map((value, step) => ({ key: "m", value, step, timestampMs: step }));
    await store.logBatch(runId, { metrics });
    const sent = server.requests.at(-1)?.input.metrics;
    expect(sent).toMatchObject([{ value: "NaN" }, { value: "Infinity" }, { value: "-Infinity" }]);
    expect(await store.metricHistory(runId, "m")).toEqual(metrics);
  });

  it("names the parameter that has another value", async () => {
    const { store, runId } = await start();
    await store.logBatch(runId, { params: new Map([["a", "1"], ["b", "2"]]) }); // biome-ignore format: one batch
    const error = await failureOf(store.logBatch(runId, { params: new Map([["a", "1"], ["b", "3"]]) })); // biome-ignore format: one batch
    expect(error.message).toBe(`Expected the value that is there, '2', for the parameter b; got '3' (run ${runId})`);
  });

  it("is refused before anything is sent where a key is outside the rules", async () => {
    const { server, store, runId } = await start();
    const before = server.requests.length;
    const metrics = [{ key: "../x", value: 1, step: 0, timestampMs: 0 }];
    expect((await failureOf(store.logBatch(runId, { metrics }))).code).toBe("TRACKING_VALUE_INVALID");
    expect(server.requests).toHaveLength(before);
  });
});

describe("a run", () => {
  it("is found by the id under which it was recorded elsewhere", async () => {
    const { store, runId } = await start();
    const origin = "0123456789abcdef0123456789abcdef";
    await store.logBatch(runId, { tags: new Map([["pawprint.run_id", origin]]) });
    expect((await store.getRun(origin)).id).toBe(runId);
    await store.deleteRun(runId);
    expect(await store.getRun(origin)).toMatchObject({ id: runId, lifecycle: "deleted" });
  });

  it("whose creation was not answered is not made again", async () => {
    const { server, store } = await start();
    server.fault = ({ path }) => (path.endsWith("runs/create") ? "lose" : undefined);
    const error = await failureOf(store.createRun({ experimentId: "0", name: "x", startedMs: 1 }));
    expect([error.code, isAmbiguous(error), server.runs.runs.size]).toEqual(["TRACKING_UNAVAILABLE", true, 2]);
  });

  it("takes no id, and no experiment that was deleted", async () => {
    const { server, store } = await start();
    const run = { experimentId: "1", name: "x", startedMs: 1 };
    expect((await failureOf(store.createRun({ ...run, id: "0".repeat(32) }))).code).toBe("TRACKING_VALUE_INVALID");
    server.runs.experiments[1]!.lifecycle = "deleted";
    expect((await failureOf(store.createRun(run))).code).toBe("EXPERIMENT_DELETED");
    expect((await failureOf(store.ensureExperiment("cats-dogs"))).message).toBe(
      `Expected an active experiment; got 'cats-dogs', which was deleted (${store.location})`,
    );
  });
});

describe("logged models", () => {
  it("are unsupported by a server before MLflow 3, which keeps metrics all the same", async () => {
    const { store, runId } = await start({ isOld: true });
    const error = await failureOf(store.createModel({ experimentId: "1", name: "model", runId }));
    expect(error.message).toBe(
      `Expected a tracking server with logged models (MLflow 3); got one without (${store.location})`,
    );
    expect(error.code).toBe("TRACKING_UNSUPPORTED");
    await store.logBatch(runId, { metrics: points(10) });
    await store.logBatch(runId, { metrics: points(10) });
    expect(await store.metricHistory(runId, "m0")).toHaveLength(4);
  });

  it("are outputs of their run once, where that was not answered", async () => {
    const { server, store, runId } = await start();
    let count = 0;
    server.fault = ({ path }) => (path.endsWith("runs/outputs") && count++ === 0 ? "lose" : undefined);
    const model = await store.createModel({ experimentId: "1", name: "model", runId });
    expect(server.runs.runs.get(runId)?.outputs).toEqual([model.id]);
  });

  it("have any number of parameters", async () => {
    const { store } = await start();
    const params = new Map(Array.from({ length: 250 }, (_, at) => [`p${at}`, `${at}`]));
    expect((await store.createModel({ experimentId: "1", name: "model", params })).params).toEqual(params);
  });
});

describe("artifacts that do not pass through the server", () => {
  it.each([
    ["gs://bucket/1", "artifacts at gs://bucket/1"],
    ["mlflow-artifacts://else.example:5000/1/x", "artifacts at mlflow-artifacts://else.example:5000/1/x"],
    ["./mlruns/1/x/artifacts", "artifacts at ./mlruns/1/x/artifacts"],
  ])("at %s are refused", async (uri, received) => {
    const { server, store, runId } = await start();
    server.fault = ({ path }) =>
      path.endsWith("runs/get")
        ? {
            status: 200,
            body: JSON.stringify({ run: { info: { run_id: runId, experiment_id: "1", artifact_uri: uri } } }),
          }
        : undefined;
    const error = await failureOf(store.writeArtifact({ runId }, "a", Buffer.from("x")));
    expect([error.code, error.received]).toEqual(["TRACKING_UNSUPPORTED", received]);
    expect(error.hint).toMatch(/^let the server give and take artifacts itself/);
  });

  it("are not followed out of the run, whatever a server lists", async () => {
    const { server, store, runId } = await start();
    server.fault = () => ({ status: 200, body: JSON.stringify({ files: [{ path: "../../etc/passwd" }] }) });
    expect((await failureOf(store.listArtifacts({ runId }))).code).toBe("ARTIFACT_PATH_INVALID");
  });

  it("are not read for ever where a page names itself as the next one", async () => {
    const { server, store, runId } = await start();
    server.fault = () => ({ status: 200, body: JSON.stringify({ files: [], next_page_token: "again" }) });
    expect((await failureOf(store.listArtifacts({ runId }))).code).toBe("TRACKING_ANSWER_INVALID");
  });
});
