import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writePictureFolder } from "../../../tests/support/picture-folder.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { sha256 } from "../../base/hash.ts";
import { inspectBundle } from "../../bundle/bundle-file.ts";
import { loadBundle } from "../../bundle/load-bundle.ts";
import { nodesOf } from "../../graph/value.ts";
import { writeSampleSet } from "../../image/sample-pictures.ts";
import type { Executor } from "../../runtime/executor.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { evaluateBundle } from "../evaluation/evaluate-bundle.ts";
import { train } from "../train.ts";
import { type QuantizeBundleOptions, quantizeBundle } from "./quantize-bundle.ts";

const folder = temporaryFolder("quantize");
const data = join(folder, "samples");
const model = join(folder, "float.onnx");
const engine = createOnnxRuntimeExecutor({ threads: 1 });
const plainExecutor = createOnnxRuntimeExecutor({ threads: 1, optimizationLevel: "basic" });

beforeAll(async () => {
  await writeSampleSet(data, { perClass: 60, sizePx: 40, seed: 1 });
  const settings = { size: 24, widths: [8, 16], epochs: 6, batchSize: 16, learningRate: 0.02 } as const;
  const run = { id: "run", createdAt: "2026-01-01T00:00:00.000Z" };
  await train({ data, out: model, settings, run, executor: engine });
}, 120_000);

/** The engine, with a clock by which float graphs take `floatMs` and quantised ones `int8Ms`. */
function timed(floatMs: number, int8Ms: number): { readonly executor: Executor; readonly now: () => number } {
  let clockMs = 0;
  const executor: Executor = {
    ...engine,
    async load(graph, options) {
      const program = await engine.load(graph, options);
      const isQuantized = nodesOf(Object.values(graph.outputs)).some(({ op }) => op.name === "QuantizeLinear");
      return {
        ...program,
        run(feeds, into) {
          clockMs += isQuantized ? int8Ms : floatMs;
          return program.run(feeds, into);
        },
      };
    },
  };
  return { executor, now: () => clockMs };
}

const quantize = (out: string, options: Partial<QuantizeBundleOptions> = {}) =>
  quantizeBundle({
    bundle: { path: model },
    data,
    out: join(folder, out),
    ...timed(40, 10),
    maxLoss: 0.1,
    plainExecutor,
    ...options,
  });

describe("a bundle that is quantised", () => {
  it("is smaller, answers nearly as the float one, and says where it comes from", async () => {
    const report = await quantize("int8.onnx");
    const { float, int8, ratio, quantization } = report;
    expect(report).toMatchObject({ chosen: "int8", reasons: [], split: "test", maxLoss: 0.1 });
    expect(ratio).toMatchObject({ one: 4, batch: 4, speed: 4 });
    expect(float.accuracy - int8.accuracy).toBeLessThanOrEqual(0.1);
    expect(report.sameAnswers).toBeGreaterThanOrEqual(0.9);
    // A quarter, and the graph itself.
    expect(ratio.size).toBeGreaterThan(1.5);
    expect(quantization).toMatchObject({ from: sha256(await readFile(model)), method: report.trial.method, seed: 0 });
    expect(report.trials).toHaveLength(3 + 3);

    const path = join(folder, "int8.onnx");
    const source = await inspectBundle(model);
    const target = await inspectBundle(path);
    expect(report.bundle).toEqual(target);
    expect(target.info).toMatchObject({
      labels: source.info.labels,
      recipe: source.info.recipe,
      history: source.info.history,
      architecture: { name: "cnn", options: { ...source.info.architecture.options, quantization: "int8" } },
      lineage: { ...source.info.lineage, quantization },
      evaluation: { split: "test", accuracy: int8.accuracy, loss: int8.loss, float: { accuracy: float.accuracy } },
      reference: { split: "test", accuracy: expect.closeTo(int8.accuracy, 5) },
    });
    expect(target.embedding).toEqual(source.embedding);
    expect(target.info.parity).toHaveLength(4);
    expect(target.info.parity[0]).toMatchObject({ tolerance: expect.any(Number) });

    const bundle = await loadBundle({ path }, engine, { embedding: true });
    try {
      const evaluated = await evaluateBundle({ bundle, data, batchSize: 7 });
      expect(evaluated.evaluation).toMatchObject({ accuracy: int8.accuracy, loss: expect.closeTo(int8.loss, 3) });
    } finally {
      await bundle.close();
    }
  }, 60_000);

  it("is the same from the same pictures, and another from others", async () => {
    const hashes: string[] = [];
    for (const seed of [1, 1, 2]) {
      const report = await quantize("again.onnx", { seed, calibrationPictures: 8, method: "minmax", force: true });
      expect(report.trial.method).toBe("minmax");
      hashes.push(report.bundle!.sha256);
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  }, 60_000);

  it("is not written where it is no faster, unless it is wanted all the same", async () => {
    const slow = { ...timed(10, 10), calibrationPictures: 8 };
    const report = await quantize("slow.onnx", slow);
    expect(report).toMatchObject({
      chosen: "float",
      ratio: { speed: 1 },
      reasons: [expect.stringContaining("1.00 times")],
    });
    expect(report.bundle).toBeUndefined();
    expect(await readdir(folder)).not.toContain("slow.onnx");
    const wanted = await quantize("slow.onnx", { ...slow, evenIfWorse: true });
    expect(wanted).toMatchObject({ chosen: "float", bundle: { path: join(folder, "slow.onnx") } });
  }, 60_000);
});

describe("quantising refuses", () => {
  const refused = (options: Partial<QuantizeBundleOptions>) => quantize("refused.onnx", options);

  it("a bundle that is quantised already", async () => {
    const path = join(folder, "once.onnx");
    await quantize("once.onnx", { calibrationPictures: 4, method: "minmax", evenIfWorse: true });
    await expect(refused({ bundle: { path } })).rejects.toMatchObject({
      code: "QUANTIZATION_UNSUITED",
      required: "a bundle of floats",
      where: path,
    });
  }, 60_000);

  it("data without pictures for validation, and data of other classes", async () => {
    const few = join(folder, "few");
    await writePictureFolder(few, { labels: ["cat", "dog"], perClass: 1 });
    await expect(refused({ data: few })).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      required: "pictures in the val split",
    });
    await writePictureFolder(join(folder, "colours"), { labels: ["blue", "red"] });
    await expect(refused({ data: join(folder, "colours") })).rejects.toMatchObject({ code: "DATASET_LABELS_DIFFER" });
  });

  it("a file that exists, before it reads a picture", async () => {
    await expect(quantize("float.onnx", { data: join(folder, "no such data") })).rejects.toMatchObject({
      code: "FILE_EXISTS",
    });
  });

  it("to go on once it is interrupted", async () => {
    await expect(refused({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(await readdir(folder)).not.toContain("refused.onnx");
  });
});
