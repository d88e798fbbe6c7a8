import { mkdirSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeIdxFolder, writePictureFolder } from "../../tests/support/picture-folder.ts";
import { interruption } from "../base/cancel.ts";
import { withLock } from "../base/locks/lock-file.ts";
import { createLogger } from "../base/logger.ts";
import { loadBundle } from "../bundle/load-bundle.ts";
import { createOnnxRuntimeExecutor } from "../runtime/onnx-runtime.ts";
import { evaluateBundle } from "./evaluation/evaluate-bundle.ts";
import { type TrainEvent, type TrainOptions, train } from "./train.ts";

const executor = createOnnxRuntimeExecutor({ threads: 1 });
const settings = { size: 8, widths: [8], epochs: 3, batchSize: 8, learningRate: 0.02 } as const;
const named = { id: "run", createdAt: "2026-01-01T00:00:00.000Z" };
const lineage = { runId: named.id, createdAt: named.createdAt };
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-pipeline-"));
  await writePictureFolder(join(folder, "pictures"));
  await writeIdxFolder(join(folder, "digits"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function run(out: string, options: Partial<TrainOptions> = {}) {
  return train({ data: join(folder, "pictures"), out: join(folder, out), settings, run: named, executor, ...options });
}

describe("training from a folder of pictures", () => {
  it("ends with a bundle that holds its lineage and its evaluation", async () => {
    const events: TrainEvent["type"][] = [];
    const gitCommit = "c".repeat(40);
    const onEvent = ({ type }: TrainEvent) => events.push(type);
    const report = await run("whole/a.onnx", { onEvent, gitCommit });
    expect(events).toEqual([
      ...["opened", "packed", "started", "estimated"],
      ...["epoch", "epoch", "epoch", "trained", "evaluated"],
    ]);
    expect(report.evaluation.accuracy).toBe(1);
    expect(report.history).toHaveLength(3);
    expect(report.bundle.info.history!.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    const bundle = await loadBundle({ path: join(folder, "whole", "a.onnx") }, executor);
    expect(bundle.info).toEqual(report.bundle.info);
    const reference = bundle.info.reference!;
    expect(reference).toMatchObject({ version: 1, accuracy: expect.closeTo(report.evaluation.accuracy, 5) });
    expect(reference.count).toBe(report.evaluation.count);
    expect(Object.keys(reference.sample.statistics)).toEqual(expect.arrayContaining(["brightness", "width", "aspect"]));
    expect(bundle.info).toMatchObject({
      labels: ["blue", "red"],
      recipe: { width: 8, height: 8, channels: 3 },
      architecture: { name: "cnn", options: { widths: [8] } },
      lineage: { ...lineage, gitCommit, source: join(folder, "pictures"), datasetHash: report.summary.hash, seed: 0 },
      evaluation: {
        split: "test",
        accuracy: 1,
        epochs: 3,
        bestEpoch: report.bestEpoch,
        calibration: { temperature: expect.any(Number), expectedCalibrationError: expect.any(Number) },
      },
    });
    await bundle.close();
    expect(await readdir(join(folder, "whole"))).toEqual(["a.checkpoints", "a.onnx"]);
  });

  it("refuses an output that exists before it looks at the data", async () => {
    await writeFile(join(folder, "there.onnx"), "old");
    await expect(run("there.onnx", { data: join(folder, "no such data") })).rejects.toMatchObject({
      code: "FILE_EXISTS",
    });
    expect(await readFile(join(folder, "there.onnx"), "utf8")).toBe("old");
  });

  it("ends after the step under way, is resumed from its checkpoint, and gives the very same bundle", async () => {
    await run("straight.onnx");
    const controller = new AbortController();
    const warnings: string[] = [];
    const logger = createLogger((level, message) => {
      if (level === "warn") warnings.push(message);
    });
    const stopped = run("stopped.onnx", {
      signal: controller.signal,
      logger,
      onEvent: (event) => {
        if (event.type === "epoch" && event.metrics.epoch === 2) controller.abort(interruption("SIGINT"));
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "INTERRUPTED", received: "SIGINT" });
    const checkpoint = join(folder, "stopped.checkpoints");
    expect(warnings).toEqual([`training ended after epoch 2/3; its checkpoints are in ${checkpoint}`]);
    expect(await readdir(folder)).not.toContain("stopped.onnx");

    const report = await run("stopped.onnx", { resume: true });
    expect(report.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    const [straight, resumed] = await Promise.all(
      ["straight.onnx", "stopped.onnx"].map((name) => readFile(join(folder, name))),
    );
    expect(resumed!.equals(straight!)).toBe(true);
    // Forgetting --resume does not overwrite it.
    await expect(run("stopped.onnx")).rejects.toMatchObject({ code: "FILE_EXISTS" });
    await rm(join(folder, "stopped.onnx"));
    await expect(run("stopped.onnx")).rejects.toMatchObject({ code: "FILE_EXISTS", where: checkpoint });
  });

  it("keeps its run when it is resumed", async () => {
    const events: TrainEvent[] = [];
    const onEvent = (event: TrainEvent) => void events.push(event);
    const first = await run("kept.onnx", { run: {}, onEvent });
    expect(first.run).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name: "kept",
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(events).toContainEqual({ type: "started", run: first.run });
    expect(first.bundle.info.lineage).toMatchObject({ runId: first.run.id, createdAt: first.run.createdAt });
    const second = await run("kept.onnx", { run: {}, settings: { ...settings, epochs: 4 }, resume: true });
    expect(second.run).toEqual(first.run);
    expect(second.bundle.info.lineage).toMatchObject({ runId: first.run.id, createdAt: first.run.createdAt });
    expect((await run("kept.onnx", { run: {}, force: true })).run.id).not.toBe(first.run.id);
  });

  it("is resumed with more epochs after its end", async () => {
    const first = await run("longer.onnx");
    const second = await run("longer.onnx", { settings: { ...settings, epochs: 5 }, resume: true });
    expect(second.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
    expect(second.history.slice(0, 3)).toEqual(first.history);
    expect([first.epochsBefore, second.epochsBefore]).toEqual([0, 3]);
  });

  it("announces what is left of its time, not the whole", async () => {
    const { epochs: _epochs, ...timed } = settings;
    const announced: (number | undefined)[] = [];
    const onEvent = (event: TrainEvent) => {
      if (event.type === "estimated") announced.push(event.trainingMs);
    };
    await run("timed.onnx", { settings: { ...timed, time: "0.5s" }, onEvent });
    await run("timed.onnx", { settings: { ...timed, time: "1s" }, resume: true, onEvent });
    expect(announced[0]).toBe(500);
    expect(announced[1]).toBeLessThan(800);
  });

  it("is resumed from the checkpoint before where the newest one is damaged", async () => {
    const straight = await run("straight2.onnx");
    await run("damaged.onnx", { settings: { ...settings, epochs: 2 } });
    const checkpoints = join(folder, "damaged.checkpoints");
    const names = (await readdir(checkpoints)).sort();
    expect(names).toHaveLength(2);
    await truncate(join(checkpoints, names[1]!), 1000);
    const warnings: string[] = [];
    const logger = createLogger((level, message) => {
      if (level === "warn") warnings.push(message);
    });
    const report = await run("damaged.onnx", { resume: true, logger });
    expect(warnings[0]).toMatch(/^a checkpoint cannot be read: .*step-/);
    expect(report.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(straight.history).toHaveLength(3);
  });

  it("continues where a checkpoint cannot be written, and warns", async () => {
    const checkpoints = join(folder, "full.checkpoints");
    const warnings: string[] = [];
    const logger = createLogger((level, message) => {
      if (level === "warn") warnings.push(message);
    });
    const report = await run("full.onnx", {
      logger,
      onEvent: (event) => {
        if (event.type !== "epoch" || event.metrics.epoch !== 1) return;
        // Folders that are in the way stand for a disk that takes no more.
        const steps = Number(/\d+/.exec(readdirSync(checkpoints).find((name) => name.startsWith("step-"))!)![0]);
        for (const step of [2 * steps, 3 * steps]) {
          const name = `step-${String(step).padStart(9, "0")}.safetensors`;
          mkdirSync(join(checkpoints, name, "taken"), { recursive: true });
        }
      },
    });
    expect(report.history).toHaveLength(3);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(
      /^a checkpoint could not be written, training continues; the last one is of epoch 1\/3: /,
    );
  });

  it("lets no second training into the same folder", async () => {
    const checkpoints = join(folder, "locked.checkpoints");
    await mkdir(checkpoints);
    await withLock(join(checkpoints, ".lock"), async () => {
      await expect(run("locked.onnx")).rejects.toMatchObject({ code: "LOCKED" });
    });
    expect((await run("locked.onnx")).history).toHaveLength(3);
  });

  it("refuses a checkpoint whose validation pictures are training pictures by now", async () => {
    const data = join(folder, "pictures", "given.csv");
    const names = ["blue", "red"].map((label) => readdirSync(join(folder, "pictures", label)).sort());
    const write = (validated: number) =>
      writeFile(
        data,
        ["blue", "red"]
          .flatMap((label, of) =>
            names[of]!.map((name, index) => {
              const split = index === validated ? "val" : index < 2 ? "test" : "train";
              return `${label}/${name},${label},${split}\n`;
            }),
          )
          .join("")
          .replace(/^/, "path,label,split\n"),
      );
    await write(3);
    const controller = new AbortController();
    const onEvent = ({ type }: TrainEvent) => type === "epoch" && controller.abort();
    const begun = run("moved.onnx", { data, signal: controller.signal, onEvent });
    await expect(begun).rejects.toMatchObject({ code: "INTERRUPTED" });
    await write(4);
    await expect(run("moved.onnx", { data, resume: true })).rejects.toMatchObject({ code: "CHECKPOINT_INVALID" });
    await write(3);
    expect((await run("moved.onnx", { data, resume: true })).history).toHaveLength(3);
  });

  it("refuses a checkpoint of another training", async () => {
    const controller = new AbortController();
    const onEvent = (event: TrainEvent) => {
      if (event.type === "epoch") controller.abort();
    };
    await expect(run("other.onnx", { signal: controller.signal, onEvent })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    const wider = { ...settings, widths: [16] };
    await expect(run("other.onnx", { settings: wider, resume: true })).rejects.toMatchObject({
      code: "CHECKPOINT_INVALID",
      message: expect.stringContaining('with options {"widths":[16],"dropout":0}; got {"widths":[8],"dropout":0}'),
    });
    await expect(run("never-begun.onnx", { resume: true })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

describe("training from idx files", () => {
  it("takes the pictures' own size and the split that they come with", async () => {
    const data = join(folder, "digits");
    const { pack, evaluation } = await run("digits.onnx", { data, settings: { epochs: 2, batchSize: 8, widths: [8] } });
    expect(pack.recipe).toMatchObject({ width: 8, height: 8, channels: 1 });
    expect(evaluation.count).toBe(10);
  });
});

describe("evaluating a bundle", () => {
  it("gives the figures that its metadata hold, for the data it was trained from", async () => {
    const { bundle: exported, evaluation: trained } = await run("evaluated.onnx");
    const bundle = await loadBundle({ path: exported.path }, executor);
    const { evaluation, isTrainingData } = await evaluateBundle({ bundle, data: join(folder, "pictures") });
    expect(isTrainingData).toBe(true);
    expect({ ...evaluation, loss: 0 }).toEqual({ ...trained, loss: 0 });
    // The bundle has its normalisation folded into the convolutions: float32 rounding.
    expect(evaluation.loss).toBeCloseTo(trained.loss, 5);
    const all = await evaluateBundle({ bundle, data: join(folder, "pictures"), split: "all" });
    expect(all.evaluation.count).toBe(48);
    await bundle.close();
  });

  it("measures whatever has labels: a split alone, one class, a single picture", async () => {
    const { bundle: exported } = await run("held-out.onnx");
    const bundle = await loadBundle({ path: exported.path }, executor);
    const heldOut = join(folder, "held-out");
    await writePictureFolder(join(heldOut, "test"), { perClass: 5, seed: 2 });
    const countOf = async (split: "test" | "val" | "all"): Promise<number> =>
      (await evaluateBundle({ bundle, data: heldOut, split })).evaluation.count;
    expect([await countOf("test"), await countOf("all")]).toEqual([10, 10]);
    await writePictureFolder(join(heldOut, "validation"), { labels: ["red"], perClass: 1, seed: 3 });
    expect([await countOf("test"), await countOf("val"), await countOf("all")]).toEqual([10, 1, 11]);
    await rm(join(heldOut, "test"), { recursive: true });
    expect(await countOf("all")).toBe(1);
    await expect(countOf("test")).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      message: `Expected pictures in the test split; got pictures in val alone (${heldOut})`,
      hint: "choose the split val or all",
    });
    await expect(run("none.onnx", { data: heldOut })).rejects.toMatchObject({ code: "DATASET_ONE_CLASS" });
    await writePictureFolder(join(heldOut, "validation"), { perClass: 4, seed: 3 });
    await expect(run("none.onnx", { data: heldOut })).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      message: `Expected pictures to train on; got 8 pictures, all in the split val (${heldOut})`,
    });
    await bundle.close();
  });

  it("warns on other data, counts classes that are missing, and refuses classes it does not know", async () => {
    const names = ["red", "green", "blue"];
    await writePictureFolder(join(folder, "three"), { labels: names, perClass: 12 });
    const { bundle: exported } = await run("three.onnx", { data: join(folder, "three") });
    const bundle = await loadBundle({ path: exported.path }, executor);
    const warnings: string[] = [];
    const logger = createLogger((level, message) => level === "warn" && warnings.push(message));
    const { evaluation, isTrainingData } = await evaluateBundle({
      bundle,
      data: join(folder, "pictures"),
      split: "all",
      logger,
    });
    expect(isTrainingData).toBe(false);
    expect(evaluation.classes.map(({ label, count }) => [label, count])).toEqual([
      ["blue", 24],
      ["green", 0],
      ["red", 24],
    ]);
    expect(warnings).toEqual([
      "the data has no pictures of green",
      "this data is not the set that the bundle was trained from",
    ]);
    await writePictureFolder(join(folder, "strange"), { labels: ["red", "yellow"], perClass: 3 });
    await expect(evaluateBundle({ bundle, data: join(folder, "strange") })).rejects.toMatchObject({
      code: "DATASET_LABELS_DIFFER",
      message: `Expected pictures of the bundle's classes: blue, green, red; got yellow (${join(folder, "strange")})`,
    });
    await bundle.close();
  });
});
