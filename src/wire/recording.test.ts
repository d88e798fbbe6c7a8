import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { writePictureFolder } from "../../tests/support/picture-folder.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { interruption } from "../base/cancel.ts";
import { AppError } from "../base/errors.ts";
import { createLogger, type LogLevel } from "../base/logger.ts";
import { openFileRunStore } from "../tracking/files/file-run-store.ts";
import type { RunStore } from "../tracking/run-store.ts";
import type { TrainEvent } from "../train/train.ts";
import { evaluateBundle, loadBundle, train } from "./library.ts";
import type { TrackingOptions, TrainOptions } from "./recording.ts";

const folder = temporaryFolder("recording");
const data = join(folder, "pictures");
const place = join(folder, "runs");
const settings = { size: 8, widths: [8], epochs: 3, batchSize: 8, learningRate: 0.02 } as const;
const stepsPerEpoch = 5;
const secret = "s3cret-T0KEN";

beforeAll(async () => {
  await writePictureFolder(data);
  const git = (...words: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...words], { cwd: folder });
  await writeFile(join(folder, "a.txt"), "one\n");
  await writeFile(join(folder, "package-lock.json"), "{}");
  git("init", "--quiet");
  git("add", "a.txt");
  git("commit", "--quiet", "-m", "first");
  git("remote", "add", "origin", `https://me:${secret}@example.org/pets.git`);
  await writeFile(join(folder, "a.txt"), "two\n");
});

async function run(
  name: string,
  tracking: TrackingOptions = {},
  options: Partial<Omit<TrainOptions, "tracking">> = {},
) {
  const logged: { level: LogLevel; message: string }[] = [];
  const report = await train({
    data,
    out: join(folder, `${name}.onnx`),
    settings,
    threads: 1,
    logger: createLogger((level, message) => logged.push({ level, message })),
    ...options,
    tracking: { trackingUri: place, folder, metricSteps: 1, ...tracking },
  });
  await report.pack.pixels.close();
  return { report, runId: report.recorded!.runId, warnings: logged.filter(({ level }) => level === "warn") };
}

async function withStore<T>(work: (store: RunStore) => Promise<T>): Promise<T> {
  const store = await openFileRunStore(place);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const steps = async (runId: string, key: string) =>
  (await withStore((store) => store.metricHistory(runId, key))).map(({ step }) => step);

const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

/** A store some of whose calls fail. */
function failing(store: RunStore, calls: Partial<Record<keyof RunStore, () => Promise<never>>>): RunStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(calls, name) ?? Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const diskFull = () =>
  Promise.reject(new AppError("FILE_WRITE_FAILED", { required: "a disk with room", received: "ENOSPC" }));

describe("a training that is recorded", () => {
  it("leaves settings with reasons, metrics, inputs, code, figures, files and the bundle as a model", async () => {
    process.env.PAWPRINT_TEST_SECRET = secret;
    const { report, runId, warnings } = await run("whole", { tags: { team: "pets" }, parentRun: "b".repeat(32) });
    delete process.env.PAWPRINT_TEST_SECRET;
    expect(warnings).toEqual([]);
    expect(report.run.id).toBe(runId);
    expect(report.bundle.info.lineage.runId).toBe(runId);
    const recorded = await withStore((store) => store.getRun(runId));
    expect(recorded).toMatchObject({ name: "whole", status: "FINISHED", lifecycle: "active" });
    expect(Object.fromEntries(recorded.params)).toMatchObject({
      data,
      size: "8",
      widths: "[8]",
      epochs: "3",
      optimizer: "adamw",
      learningRate: "0.02",
    });
    for (const { key } of report.choices) expect(recorded.params.has(key), key).toBe(true);
    expect(Object.fromEntries(recorded.tags)).toMatchObject({
      team: "pets",
      "mlflow.parentRunId": "b".repeat(32),
      "mlflow.source.git.repoURL": "https://example.org/pets.git",
      "mlflow.source.type": "LOCAL",
      "pawprint.git_dirty": "true",
      "pawprint.dataset_hash": report.summary.hash,
      "pawprint.node_version": process.versions.node,
      "pawprint.lock_file": expect.stringMatching(/^package-lock\.json sha256:[0-9a-f]{64}$/),
      "pawprint.reason.optimizer": "needs the least tuning",
      "pawprint.reason.size": "given",
    });
    const contexts = recorded.inputs.map(({ name, tags }) => [name, tags.get("mlflow.data.context")]);
    expect(contexts.toSorted()).toEqual([
      ["pictures/test", "testing"],
      ["pictures/train", "training"],
      ["pictures/val", "validation"],
    ]);
    const input = recorded.inputs.find(({ name }) => name.endsWith("train"));
    expect(input).toMatchObject({ digest: report.summary.hash.slice(0, 36), sourceType: "local" });
    expect(JSON.parse(input!.profile!)).toMatchObject({ split: "train", hash: report.summary.hash, num_rows: 39 });

    expect(await steps(runId, "val_accuracy")).toEqual([1, 2, 3]);
    expect(await steps(runId, "batch/loss")).toEqual(upTo(3 * stepsPerEpoch));
    const points = await withStore((store) => store.metricHistory(runId, "val_loss"));
    expect(points.map(({ value }) => value)).toEqual(report.history.map(({ validationLoss }) => validationLoss));
    expect(recorded.metrics.get("test_accuracy")).toMatchObject({ value: report.evaluation.accuracy, step: 3 });
    expect([...recorded.metrics.keys()]).toEqual(
      expect.arrayContaining([
        "images_per_second",
        "epoch_seconds",
        "test_macro_f1",
        "test_expected_calibration_error",
      ]),
    );

    const root = join(place, recorded.experimentId, runId, "artifacts");
    const files = (await readdir(root, { recursive: true })).filter((name) => name.includes("."));
    expect(files).toEqual(
      expect.arrayContaining([
        "charts/accuracy.svg",
        "charts/confusion.svg",
        "charts/loss.svg",
        "charts/reliability.svg",
        "evaluation/classes.csv",
        "git/diff.patch",
        "git/untracked.txt",
        "report.html",
      ]),
    );
    expect(await readFile(join(root, "git/diff.patch"), "utf8")).toContain("-one\n+two\n");
    expect(await readFile(join(root, "report.html"), "utf8")).toContain("<title>Training of whole.onnx</title>");
    const [modelId] = recorded.modelIds;
    const model = await withStore((store) => store.getModel(modelId!));
    expect(model).toMatchObject({ name: "model", status: "READY", runId });
    const logged = await readdir(join(place, recorded.experimentId, "models", modelId!, "metrics"));
    expect(logged).toContain("test_accuracy");
    // No password of the remote, no value of the environment.
    for (const entry of await readdir(place, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      expect((await readFile(path)).includes(secret), path).toBe(false);
    }
  });

  it("goes on in the same run when it is resumed, without a gap or a step twice", async () => {
    const controller = new AbortController();
    const onEvent = (event: TrainEvent) => {
      if (event.type === "epoch" && event.metrics.epoch === 2) controller.abort(interruption("SIGINT"));
    };
    const stopped = await failureOf(run("resumed", {}, { signal: controller.signal, onEvent }));
    expect(stopped.code).toBe("INTERRUPTED");
    const first = await newestRun("resumed");
    expect(first).toMatchObject({ status: "KILLED", endedMs: expect.any(Number) });
    expect(first.tags.get("pawprint.error")).toMatch(/^INTERRUPTED: /);
    expect(await steps(first.id, "batch/loss")).toEqual(upTo(2 * stepsPerEpoch));

    const { runId } = await run("resumed", {}, { resume: true, settings: { ...settings, epochs: 4 } });
    expect(runId).toBe(first.id);
    const second = await withStore((store) => store.getRun(runId));
    expect(second.status).toBe("FINISHED");
    expect(await steps(runId, "batch/loss")).toEqual(upTo(4 * stepsPerEpoch));
    expect(await steps(runId, "val_accuracy")).toEqual(upTo(4));
    expect(second.params.get("epochs")).toBe("3");
    expect(second.tags.get("pawprint.resumed.epochs")).toBe("4");
  });

  it("is recorded as a new run, with a warning, where the run is gone or was deleted", async () => {
    const { runId } = await run("gone");
    await withStore((store) => store.deleteRun(runId));
    const more = { resume: true, settings: { ...settings, epochs: 4 } };
    const { runId: second, warnings, report } = await run("gone", {}, more);
    expect(second).not.toBe(runId);
    expect(warnings[0]?.message).toMatch(new RegExp(`^the run ${runId} was deleted: .* recorded as run ${second}$`));
    expect(report.bundle.info.lineage.runId).toBe(second);
    const recorded = await withStore((store) => store.getRun(second));
    expect(recorded.tags.get("pawprint.resumed_from")).toBe(runId);

    const elsewhere = await run(
      "gone",
      { trackingUri: join(folder, "other runs") },
      { ...more, settings: { ...settings, epochs: 5 } },
    );
    expect(elsewhere.runId).toBe(second);
    expect(elsewhere.warnings[0]?.message).toContain("is not there any more");
  });

  it("has FAILED with its error where the training fails, and no run where it never starts", async () => {
    const before = (await allRuns()).length;
    const failure = await failureOf(run("none", {}, { data: join(folder, "no such folder") }));
    expect(failure.code).toBe("FILE_NOT_FOUND");
    expect(await allRuns()).toHaveLength(before);
    const diverged = await failureOf(
      run("diverged", {}, { settings: { ...settings, optimizer: "sgd", learningRate: 1e30, schedule: "constant" } }),
    );
    expect(diverged.code).toBe("TRAIN_DIVERGED");
    const recorded = await newestRun("diverged");
    expect(recorded.status).toBe("FAILED");
    expect(recorded.tags.get("pawprint.error")).toMatch(/^TRAIN_DIVERGED: /);
  });
});

describe("a store that fails", () => {
  it("is told once and does not stop a training that has begun; what it refused is written later", async () => {
    await withStore(async (whole) => {
      let refused = 0;
      const logBatch: RunStore["logBatch"] = async (id, batch) => {
        const isFirst = batch.params !== undefined;
        return !isFirst && refused++ < 2 ? diskFull() : whole.logBatch(id, batch);
      };
      const store = failing(whole, { logBatch: logBatch as () => Promise<never>, writeArtifact: diskFull });
      const { runId, warnings } = await run("full", { store });
      expect(warnings.map(({ message }) => message)).toEqual([
        expect.stringMatching(/^the run is not recorded in full; the work goes on: FILE_WRITE_FAILED: /),
      ]);
      expect(refused).toBeGreaterThan(2);
      expect(await steps(runId, "batch/loss")).toEqual(upTo(3 * stepsPerEpoch));
      expect((await whole.getRun(runId)).status).toBe("FINISHED");
    });
  });

  it("is refused before the training starts, with the way to do without it", async () => {
    const file = join(folder, "a file");
    await writeFile(file, "");
    const events: string[] = [];
    const refused = await failureOf(
      run("refused", { trackingUri: file }, { onEvent: ({ type }) => void events.push(type) }),
    );
    expect(refused.hint).toContain("record nothing: `tracking: false`");
    expect(events.splice(0)).not.toContain("started");
    await withStore(async (whole) => {
      const store = failing(whole, { createRun: diskFull });
      const late = await failureOf(run("late", { store }, { onEvent: ({ type }) => void events.push(type) }));
      expect(late).toMatchObject({ code: "FILE_WRITE_FAILED" });
      expect(late.hint).toContain("record nothing");
      expect(events).toEqual(["opened", "packed"]);
    });
    expect((await failureOf(run("address", { trackingUri: "ftp://x" }))).code).toBe("TRACKING_URI_INVALID");
  });

  it("knows the options of tracking", async () => {
    const wrong = { metricStep: 3 } as TrackingOptions;
    expect((await failureOf(run("wrong", wrong))).message).toContain("tracking");
    const off = await train({ data, out: join(folder, "off.onnx"), settings, threads: 1, tracking: false });
    await off.pack.pixels.close();
    expect(off).not.toHaveProperty("recorded");
  });
});

describe("an evaluation that is recorded", () => {
  it("is added to the run of the bundle: figures counted by step, charts and table in a folder of its own", async () => {
    const { runId, report } = await run("evaluated");
    const bundle = await loadBundle(report.bundle.path);
    const tracking = { trackingUri: place };
    for (let times = 0; times < 2; times++) await evaluateBundle({ bundle, data, split: "all", tracking });
    const key = `eval/all/${report.summary.hash.slice(0, 8)}/accuracy`;
    expect(await steps(runId, key)).toEqual([0, 1]);
    const recorded = await withStore((store) => store.getRun(runId));
    expect(recorded.status).toBe("FINISHED");
    expect(recorded.inputs.map(({ name }) => name)).toContain("pictures/all");
    const folders = await withStore((store) => store.listArtifacts({ runId }, "evaluations"));
    expect(folders[0]?.path).toMatch(/^evaluations\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{8}$/);
    const inside = await withStore((store) => store.listArtifacts({ runId }, folders[0]!.path));
    expect(inside.map(({ path }) => path.split("/").at(-1))).toEqual(["charts", "classes.csv"]);
    const nowhere = join(folder, "nowhere");
    await evaluateBundle({ bundle, data, tracking: { trackingUri: nowhere } });
    expect(await readdir(folder)).not.toContain("nowhere");
    await bundle.close();
  });
});

async function allRuns() {
  return withStore(async (store) => (await store.searchRuns({})).runs);
}

async function newestRun(name: string) {
  const found = (await allRuns()).find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no run ${name}`);
  return found;
}
