/** What every run store must do; each adapter's test runs this suite. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ArtifactOwner, DatasetInput, MetricPoint } from "../../src/tracking/run.ts";
import { eachRun, type NewRun, type RunStore } from "../../src/tracking/run-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

export interface OpenedRunStore {
  readonly store: RunStore;
  /** The same runs by a connection of its own. */
  reopen(): Promise<RunStore>;
  remove?(): Promise<void>;
}

/** Experiments of one suite have names of their own, so that a server may hold other ones too. */
let count = 0;

export function describeRunStore(name: string, open: () => Promise<OpenedRunStore>): void {
  describe(`${name} as a run store`, () => {
    let opened: OpenedRunStore;
    let store: RunStore;
    let experimentName: string;
    let experimentId: string;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
      experimentName = `cats & dogs' ${process.pid}-${Date.now()}-${count++}`;
      experimentId = (await store.ensureExperiment(experimentName)).id;
    });
    afterEach(async () => {
      await store.close();
      await opened.remove?.();
    });

    const create = (run: Partial<NewRun> = {}) =>
      store.createRun({ experimentId, name: "a run", startedMs: 1_700_000_000_000, ...run });
    const found = async (filter: string, orderBy?: string[]): Promise<string[]> => {
      const page = await store.searchRuns({ experimentIds: [experimentId], filter, ...(orderBy && { orderBy }) });
      return page.runs.map((run) => run.name);
    };
    const text = async (owner: ArtifactOwner, path: string): Promise<string> =>
      (await bytesOf(store.readArtifact(owner, path))).toString();

    it("makes an experiment once, whoever asks at the same time", async () => {
      const wanted = `${experimentName} 2`;
      expect(await store.findExperiment(wanted)).toBeUndefined();
      const other = await opened.reopen();
      const made = await Promise.all([store, other, store, other].map((one) => one.ensureExperiment(wanted)));
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect(made[0]).toMatchObject({ name: wanted, lifecycle: "active" });
      expect(made[0]?.id).toMatch(/^\d+$/);
      expect(await other.findExperiment(wanted)).toMatchObject({ id: made[0]?.id });
      const ids = (await store.listExperiments()).map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining([experimentId, made[0]?.id]));
      await other.close();
    });

    it("makes a run that is RUNNING, with its name and tags", async () => {
      const tags = new Map([
        ["team", "pets"],
        ["mlflow.user", "anna"],
        ["nested/tag.x", "zwei Wörter\nZeile 2"],
        ["empty", ""],
      ]);
      const run = await create({ name: "größer: 'first' \"run\" #1", tags });
      expect(run.id).toMatch(/^[0-9a-f]{32}$/);
      expect(run).toMatchObject({ experimentId, status: "RUNNING", lifecycle: "active", startedMs: 1_700_000_000_000 });
      expect(run.name).toBe("größer: 'first' \"run\" #1");
      expect(run.user).toBe("anna");
      for (const [key, value] of tags) expect(run.tags.get(key)).toBe(value);
      expect(run.tags.get("mlflow.runName")).toBe(run.name);
      const other = await opened.reopen();
      expect(await other.getRun(run.id)).toEqual(run);
      await other.close();
    });

    it("ends a run, takes it up again and renames it", async () => {
      const { id } = await create();
      await store.updateRun(id, { status: "FINISHED", endedMs: 1_700_000_005_000 });
      expect(await store.getRun(id)).toMatchObject({ status: "FINISHED", endedMs: 1_700_000_005_000, name: "a run" });
      await store.updateRun(id, { status: "RUNNING" });
      expect(await store.getRun(id)).toMatchObject({ status: "RUNNING" });
      await store.updateRun(id, { name: "renamed" });
      await store.updateRun(id, { status: "FAILED", endedMs: 1_700_000_006_000 });
      const run = await store.getRun(id);
      expect(run).toMatchObject({ status: "FAILED", endedMs: 1_700_000_006_000, name: "renamed" });
      expect(run.tags.get("mlflow.runName")).toBe("renamed");
      await store.logBatch(id, { tags: new Map([["mlflow.runName", "by its tag"]]) });
      expect((await store.getRun(id)).name).toBe("by its tag");
    });

    it("keeps metrics of any value and key, in order", async () => {
      const { id } = await create();
      const values = [0, -1.5, 0.1 + 0.2, 5e-324, 1e300, -1e-7, 1 / 3];
      const metrics = values.map((value, step): MetricPoint => point("val/loss", value, step));
      metrics.push(point("größe a.b-c: d_e", 1, -5), point("__proto__", 2, 0), point("constructor", 3, 0));
      metrics.push(point("nan", Number.NaN, 0));
      await store.logBatch(id, { metrics });
      const history = await store.metricHistory(id, "val/loss");
      expect(history).toEqual(metrics.slice(0, values.length));
      expect(await store.metricHistory(id, "nan")).toEqual([point("nan", Number.NaN, 0)]);
      expect(await store.metricHistory(id, "none")).toEqual([]);
      const run = await store.getRun(id);
      expect([...run.metrics.keys()].sort()).toEqual([
        "__proto__",
        "constructor",
        "größe a.b-c: d_e",
        "nan",
        "val/loss",
      ]);
      expect(run.metrics.get("val/loss")).toEqual(point("val/loss", 1 / 3, 6));
      expect(run.metrics.get("__proto__")?.value).toBe(2);
    });

    it("shows of each metric the point with the highest step, then time, then value", async () => {
      const { id } = await create();
      const at = (value: number, step: number, timestampMs: number) => ({ key: "m", value, step, timestampMs });
      await store.logBatch(id, { metrics: [at(1, 5, 1000), at(9, 4, 9000), at(3, 5, 2000), at(7, 5, 2000)] });
      await store.logBatch(id, { metrics: [at(8, 2, 3000), at(2, 5, 1500)] });
      expect((await store.getRun(id)).metrics.get("m")).toEqual(at(7, 5, 2000));
    });

    it("adds no point that is there, also by another connection", async () => {
      const { id } = await create();
      const metrics = [point("m", 0.5, 1), point("m", 0.25, 2), point("m", 0.25, 2)];
      await store.logBatch(id, { metrics });
      await store.logBatch(id, { metrics });
      const other = await opened.reopen();
      await other.logBatch(id, { metrics: [...metrics, point("m", 0.125, 3)] });
      await store.logBatch(id, { metrics: [point("m", 0.125, 3), point("m", 0.5, 1), point("m", 0.75, 1)] });
      const history = await other.metricHistory(id, "m");
      expect(history.map(({ step, value }) => [step, value]).sort()).toEqual([
        [1, 0.5],
        [1, 0.75],
        [2, 0.25],
        [3, 0.125],
      ]);
      await other.close();
    });

    it("takes large batches", async () => {
      const { id } = await create();
      const metrics = Array.from({ length: 2500 }, (_, at) => point(`m${at % 5}`, at / 7, Math.floor(at / 5)));
      const params = new Map(Array.from({ length: 120 }, (_, at) => [`p${at}`, `${at}`]));
      const tags = new Map(Array.from({ length: 130 }, (_, at) => [`t${at}`, `${at}`]));
      await store.logBatch(id, { metrics, params, tags });
      const run = await store.getRun(id);
      expect(run.params.size).toBe(120);
      expect(run.tags.get("t129")).toBe("129");
      expect(run.metrics.size).toBe(5);
      expect(await store.metricHistory(id, "m3")).toEqual(metrics.filter(({ key }) => key === "m3"));
    });

    it("writes a param once", async () => {
      const { id } = await create();
      const params = new Map([
        ["lr", "0.01"],
        ["net/depth", "3"],
        ["note with space", "zwei Wörter\nZeile 2"],
        ["empty", ""],
        ["long", "x".repeat(6000)],
      ]);
      await store.logBatch(id, { params });
      await store.logBatch(id, { params });
      await expect(store.logBatch(id, { params: new Map([["lr", "0.02"]]) })).rejects.toMatchObject({
        code: "PARAM_CHANGED",
      });
      expect((await store.getRun(id)).params).toEqual(params);
    });

    it("lets the first of several writers of a param win", async () => {
      const { id } = await create();
      const other = await opened.reopen();
      const tries = Array.from({ length: 6 }, (_, at) =>
        (at % 2 ? store : other).logBatch(id, { params: new Map([["winner", `${at}`]]) }),
      );
      const ends = await Promise.allSettled(tries);
      const winners = ends.flatMap((end, at) => (end.status === "fulfilled" ? [`${at}`] : []));
      expect(winners).toEqual([(await store.getRun(id)).params.get("winner")]);
      for (const end of ends)
        if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "PARAM_CHANGED" });
      await other.close();
    });

    it("replaces and deletes tags", async () => {
      const { id } = await create();
      await store.logBatch(id, { tags: new Map([["a/b", "1"], ["long", "x".repeat(5000)]]) }); // biome-ignore format: one batch
      await store.logBatch(id, { tags: new Map([["a/b", "2"]]) });
      expect((await store.getRun(id)).tags.get("a/b")).toBe("2");
      await store.deleteTag(id, "a/b");
      await store.deleteTag(id, "a/b");
      const { tags } = await store.getRun(id);
      expect(tags.has("a/b")).toBe(false);
      expect(tags.get("long")).toBe("x".repeat(5000));
    });

    const refusedKeys = [
      "",
      "loss?",
      "../x",
      "a/../x",
      "/x",
      "a//b",
      "a/",
      "./a",
      "a\nb",
      "x".repeat(251),
      "a\\b",
      "🐕",
    ];
    it.each(refusedKeys)("refuses the key %j before anything is written", async (key) => {
      const { id } = await create();
      const refusal = { code: "TRACKING_VALUE_INVALID" };
      const metrics = [point("fine", 1, 0), { ...point("fine", 1, 0), key }];
      await expect(store.logBatch(id, { metrics })).rejects.toMatchObject(refusal);
      await expect(store.logBatch(id, { params: new Map([["fine", "1"], [key, "1"]]) })).rejects.toMatchObject(refusal); // biome-ignore format: one batch
      await expect(store.logBatch(id, { tags: new Map([["fine", "1"], [key, "1"]]) })).rejects.toMatchObject(refusal); // biome-ignore format: one batch
      const run = await store.getRun(id);
      expect([run.metrics.size, run.params.size, run.tags.has("fine")]).toEqual([0, 0, false]);
    });

    it("refuses values outside the rules before anything is written", async () => {
      const { id } = await create();
      const refusal = { code: "TRACKING_VALUE_INVALID" };
      for (const wrong of [
        { timestampMs: 1.5 },
        { timestampMs: -1 },
        { timestampMs: Number.NaN },
        { timestampMs: 2 ** 60 },
        { step: 0.5 },
        { step: Number.POSITIVE_INFINITY },
        { step: 2 ** 60 },
      ])
        await expect(store.logBatch(id, { metrics: [{ ...point("m", 1, 0), ...wrong }] })).rejects.toMatchObject(
          refusal,
        );
      for (const value of ["x".repeat(6001), "a\0b", "half \ud800"])
        await expect(store.logBatch(id, { params: new Map([["p", value]]) })).rejects.toMatchObject(refusal);
      await expect(store.logBatch(id, { tags: new Map([["t", "x".repeat(8001)]]) })).rejects.toMatchObject(refusal);
      await expect(create({ name: " " })).rejects.toMatchObject(refusal);
      await expect(create({ startedMs: 0.5 })).rejects.toMatchObject(refusal);
      await expect(store.ensureExperiment("")).rejects.toMatchObject(refusal);
      const run = await store.getRun(id);
      expect([run.metrics.size, run.params.size, run.tags.has("t")]).toEqual([0, 0, false]);
    });

    it("says what is not there", async () => {
      const none = "0123456789abcdef0123456789abcdef";
      const calls = [
        () => store.getRun(none),
        () => store.updateRun(none, { status: "FINISHED" }),
        () => store.logBatch(none, { metrics: [point("m", 1, 0)] }),
        () => store.metricHistory(none, "m"),
        () => store.deleteRun(none),
        () => store.restoreRun(none),
        () => store.listArtifacts({ runId: none }),
        () => store.getRun("../../etc"),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
      await expect(create({ experimentId: "987654321987" })).rejects.toMatchObject({ code: "EXPERIMENT_NOT_FOUND" });
      await expect(store.getModel(`m-${none}`)).rejects.toMatchObject({ code: "LOGGED_MODEL_NOT_FOUND" });
      await expect(store.finishModel(`m-${none}`, "READY")).rejects.toMatchObject({ code: "LOGGED_MODEL_NOT_FOUND" });
    });

    it("deletes and restores runs", async () => {
      const kept = await create({ name: "kept" });
      const { id } = await create({ name: "deleted", tags: new Map([["t", "1"]]) });
      await store.deleteRun(id);
      const names = async (lifecycle?: "active" | "deleted" | "all") =>
        (await store.searchRuns({ experimentIds: [experimentId], ...(lifecycle && { lifecycle }) })).runs
          .map((run) => run.name)
          .sort();
      expect(await names()).toEqual(["kept"]);
      expect(await names("deleted")).toEqual(["deleted"]);
      expect(await names("all")).toEqual(["deleted", "kept"]);
      const deleted = await store.getRun(id);
      expect(deleted.lifecycle).toBe("deleted");
      expect(deleted.tags.get("t")).toBe("1");
      await expect(store.logBatch(id, { metrics: [point("m", 1, 0)] })).rejects.toMatchObject({
        code: "RUN_NOT_FOUND",
      });
      await store.restoreRun(id);
      expect((await store.getRun(id)).lifecycle).toBe("active");
      expect(await names()).toEqual(["deleted", "kept"]);
      expect((await store.getRun(kept.id)).lifecycle).toBe("active");
    });

    it("keeps the datasets of a run, each once", async () => {
      const { id } = await create();
      const dataset = (name: string, context: string): DatasetInput => ({
        name,
        digest: "0edc593b",
        sourceType: "local",
        source: JSON.stringify({ uri: "data/raw: 'pets' #1" }),
        schema: JSON.stringify({ mlflow_tensorspec: { features: "[]" } }),
        profile: JSON.stringify({ pictures: 37, splits: { train: 20, test: 17 } }),
        tags: new Map([["mlflow.data.context", context]]),
      });
      const inputs = [dataset("cats-dogs", "training"), dataset('Größen, "quoted"', "testing")];
      await store.logInputs(id, inputs);
      await store.logInputs(id, inputs.slice(0, 1));
      const run = await store.getRun(id);
      const byName = (a: DatasetInput, b: DatasetInput) => (a.name < b.name ? -1 : 1);
      expect(run.inputs.toSorted(byName)).toEqual(inputs.toSorted(byName));
    });

    it("searches by MLflow's filters", async () => {
      const first = await create({ name: "first", startedMs: 1000, tags: new Map([["team", "pets"]]) });
      const second = await create({ name: "second", startedMs: 2000, tags: new Map([["team", "birds"]]) });
      const third = await create({ name: "third", startedMs: 3000 });
      await store.logBatch(first.id, { metrics: [point("val/acc", 0.9, 0)], params: new Map([["lr", "0.1"]]) });
      await store.logBatch(second.id, { metrics: [point("val/acc", 0.8, 0)], params: new Map([["lr", "0.01"]]) });
      await store.updateRun(third.id, { status: "FAILED", endedMs: 4000 });
      expect(await found("")).toEqual(["third", "second", "first"]);
      expect(await found("metrics.`val/acc` > 0.85")).toEqual(["first"]);
      expect(await found("metrics.\"val/acc\" >= 0.8 and params.lr = '0.01'")).toEqual(["second"]);
      expect(await found("tags.team != 'pets'")).toEqual(["second"]);
      expect(await found("tags.team LIKE 'p%'")).toEqual(["first"]);
      expect(await found("tags.team ilike '%IRD_'")).toEqual(["second"]);
      expect(await found("params.lr IS NULL")).toEqual(["third"]);
      expect(await found("params.lr IS NOT NULL AND attributes.start_time < 2000")).toEqual(["first"]);
      expect(await found("status = 'FAILED'")).toEqual(["third"]);
      expect(await found("run_name = 'second'")).toEqual(["second"]);
      expect(await found(`attributes.run_id IN ('${first.id}', '${third.id}')`)).toEqual(["third", "first"]);
      expect(await found("", ["metrics.`val/acc` ASC"])).toEqual(["second", "first", "third"]);
      expect(await found("", ["metrics.`val/acc` DESC"])).toEqual(["first", "second", "third"]);
      expect(await found("", ["attributes.start_time ASC"])).toEqual(["first", "second", "third"]);
      await expect(found("metrics.x > 'high'")).rejects.toMatchObject({ code: "FILTER_INVALID" });
      await expect(found("", ["size DESC"])).rejects.toMatchObject({ code: "FILTER_INVALID" });
    });

    it("gives runs in pages", async () => {
      for (let at = 0; at < 7; at++) await create({ name: `run ${at}`, startedMs: 1000 + at });
      const names: string[] = [];
      for await (const run of eachRun(store, { experimentIds: [experimentId], limit: 3 })) names.push(run.name);
      expect(names).toEqual([6, 5, 4, 3, 2, 1, 0].map((at) => `run ${at}`));
      const page = await store.searchRuns({ experimentIds: [experimentId], limit: 7 });
      expect([page.runs.length, page.nextPageToken, page.faults]).toEqual([7, undefined, []]);
    });

    it("gives the keys that a search asks for", async () => {
      const { id } = await create();
      await store.logBatch(id, {
        metrics: [point("a", 1, 0), point("b", 2, 0)],
        params: new Map([["p", "1"]]),
        tags: new Map([["t", "1"]]),
      });
      const only = { metrics: ["b", "none"], params: ["p"], tags: ["t"] };
      const [run] = (await store.searchRuns({ experimentIds: [experimentId], only })).runs;
      expect(run?.metrics.get("b")?.value).toBe(2);
      expect(run?.metrics.has("none")).toBe(false);
      expect(run?.params.get("p")).toBe("1");
      expect(run?.tags.get("t")).toBe("1");
    });

    it("keeps artifacts of any size, whole, and lists them by folder", async () => {
      const { id } = await create();
      const owner = { runId: id };
      expect(await store.listArtifacts(owner)).toEqual([]);
      const large = Buffer.from(Array.from({ length: 2 ** 20 + 5 }, (_, at) => at % 251));
      const file = join(temporaryFolder("artifact"), "content");
      await writeFile(file, large);
      await store.writeArtifact(owner, "notes/größer hund 🐕, 100%.txt", Buffer.from("hello"));
      await store.writeArtifact(owner, "notes/deep/a.json", Buffer.from("{}"));
      await store.writeArtifact(owner, "large.bin", { file });
      await store.writeArtifact(owner, "empty", new Uint8Array(0));
      expect(await store.listArtifacts(owner)).toEqual([
        { path: "empty", isFolder: false, sizeBytes: 0 },
        { path: "large.bin", isFolder: false, sizeBytes: large.length },
        { path: "notes", isFolder: true },
      ]);
      expect(await store.listArtifacts(owner, "notes")).toEqual([
        { path: "notes/deep", isFolder: true },
        { path: "notes/größer hund 🐕, 100%.txt", isFolder: false, sizeBytes: 5 },
      ]);
      expect(await text(owner, "notes/größer hund 🐕, 100%.txt")).toBe("hello");
      expect(large.equals(await bytesOf(store.readArtifact(owner, "large.bin")))).toBe(true);
      await store.writeArtifact(owner, "notes/deep/a.json", Buffer.from("[1]"));
      expect(await text(owner, "notes/deep/a.json")).toBe("[1]");
      await expect(text(owner, "notes/none")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
      expect(await store.listArtifacts(owner, "nowhere")).toEqual([]);
    });

    it.each(["../x", "a/../../x", "/etc/passwd", "a//b", "a\\b", "", "a/", "C:x", "a\0b", "."])(
      "refuses the artifact %j",
      async (path) => {
        const { id } = await create();
        const refusal = { code: "ARTIFACT_PATH_INVALID" };
        await expect(store.writeArtifact({ runId: id }, path, Buffer.from("x"))).rejects.toMatchObject(refusal);
        await expect(text({ runId: id }, path)).rejects.toMatchObject(refusal);
        if (path !== "") await expect(store.listArtifacts({ runId: id }, path)).rejects.toMatchObject(refusal);
        expect(await store.listArtifacts({ runId: id })).toEqual([]);
      },
    );

    it.each(["a#b", "a%20b", "%2e%2e/x", "file:x"])(
      "writes no artifact %j, which MLflow's clients cannot read",
      async (path) => {
        const { id } = await create();
        const writing = store.writeArtifact({ runId: id }, path, Buffer.from("x"));
        await expect(writing).rejects.toMatchObject({ code: "ARTIFACT_PATH_INVALID" });
      },
    );

    it("keeps logged models with their files, as outputs of their run", async () => {
      const run = await create();
      const model = await store.createModel({
        experimentId,
        name: "model",
        runId: run.id,
        tags: new Map([["t", "1"]]),
        params: new Map([["size", "64"]]),
      });
      expect(model.id).toMatch(/^m-[0-9a-f]{32}$/);
      expect(model).toMatchObject({ experimentId, name: "model", status: "PENDING", runId: run.id });
      expect(model.params).toEqual(new Map([["size", "64"]]));
      expect(model.tags.get("t")).toBe("1");
      const owner = { modelId: model.id };
      await store.writeArtifact(owner, "model.onnx", Buffer.from("onnx"));
      await store.writeArtifact(owner, "MLmodel", Buffer.from("flavors: {}"));
      await store.finishModel(model.id, "READY");
      await store.logBatch(run.id, { metrics: [point("test_accuracy", 0.9, 3)], modelId: model.id });
      expect(await store.getModel(model.id)).toMatchObject({
        status: "READY",
        name: "model",
        createdMs: model.createdMs,
        metrics: [point("test_accuracy", 0.9, 3)],
      });
      expect((await store.listArtifacts(owner)).map(({ path }) => path)).toEqual(["MLmodel", "model.onnx"]);
      expect(await text(owner, "model.onnx")).toBe("onnx");
      const { modelIds, metrics } = await store.getRun(run.id);
      expect(modelIds).toEqual([model.id]);
      expect(metrics.get("test_accuracy")?.value).toBe(0.9);
      await expect(store.createModel({ experimentId, name: "a/b" })).rejects.toMatchObject({
        code: "TRACKING_VALUE_INVALID",
      });
    });

    it("may be closed twice", async () => {
      await store.close();
      await store.close();
    });
  });
}

function point(key: string, value: number, step: number): MetricPoint {
  return { key, value, step, timestampMs: 1_700_000_000_000 + Math.abs(step) * 1000 };
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
