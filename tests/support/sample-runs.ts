/** Runs with all that the port of run stores can write, and a store's contents for comparison with MLflow's client. */
import type { ArtifactOwner, LoggedModel, MetricPoint, Run } from "../../src/tracking/run.ts";
import type { RunStore } from "../../src/tracking/run-store.ts";

/**
 * What a store holds, or one of its experiments, in the form of tests/support/mlflow-client.py;
 * the port does not read metrics of a logged model: the caller does.
 */
export async function dumpRuns(
  store: RunStore,
  metricsOfModel: (model: LoggedModel) => unknown,
  experimentName?: string,
): Promise<unknown> {
  const experiments = (await store.listExperiments("all")).filter(
    ({ name }) => experimentName === undefined || name === experimentName,
  );
  const page = await store.searchRuns({
    experimentIds: experiments.map(({ id }) => id),
    lifecycle: "all",
    limit: 1000,
  });
  if (page.faults.length > 0) throw new Error(JSON.stringify(page.faults));
  const runs = await Promise.all(page.runs.map(async ({ id }) => [id, await dumpRun(store, await store.getRun(id))]));
  const modelIds = page.runs.flatMap((run) => run.modelIds);
  return {
    experiments: Object.fromEntries(
      experiments.map(({ id, name, lifecycle, tags }) => [id, [name, lifecycle, Object.fromEntries(tags)]]),
    ),
    runs: Object.fromEntries(runs),
    models: Object.fromEntries(
      await Promise.all(modelIds.map(async (id) => [id, await dumpModel(store, metricsOfModel, id)])),
    ),
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

async function dumpModel(
  store: RunStore,
  metricsOfModel: (model: LoggedModel) => unknown,
  id: string,
): Promise<unknown> {
  const model = await store.getModel(id);
  return {
    name: model.name,
    status: model.status,
    run: model.runId,
    experiment: model.experimentId,
    tags: Object.fromEntries(model.tags),
    params: Object.fromEntries(model.params),
    metrics: await metricsOfModel(model),
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

/** Four runs of one experiment; and some experiments that are empty. */
export async function writeSampleRuns(store: RunStore, experimentName: string): Promise<void> {
  const point = (key: string, value: number, step: number): MetricPoint => ({
    key,
    value,
    step,
    timestampMs: 1e12 + step,
  });
  const { id: experimentId } = await store.ensureExperiment(experimentName);
  for (const name of ['it\'s: #1 "größe" \u0085\u2028 🐕', "true", "1e5"]) await store.ensureExperiment(name);
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
      ...(given && !store.givesRunIds && { id: given }),
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
