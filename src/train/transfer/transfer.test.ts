import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePictureFolder } from "../../../tests/support/picture-folder.ts";
import { smallBackbone } from "../../../tests/support/small-backbone.ts";
import { interruption } from "../../base/cancel.ts";
import { createLogger, silentLogger } from "../../base/logger.ts";
import { loadBundle } from "../../bundle/load-bundle.ts";
import { readPixels } from "../../dataset/pack/pack.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import type { TrainSettings } from "../plan/train-config.ts";
import { prepareTraining } from "../prepare-training.ts";
import { type TrainOptions, train } from "../train.ts";

const executor = createOnnxRuntimeExecutor({ threads: 1 });
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-transfer-"));
  await writePictureFolder(at("pictures"));
  await writeFile(at("small.onnx"), smallBackbone());
  await writeFile(at("nhwc.onnx"), smallBackbone({ layout: "nhwc" }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** One head: heads are compared in a test of their own. */
const usual: TrainSettings = {
  backboneInput: "minus-one-to-one",
  layer: "features",
  batchSize: 8,
  epochs: 6,
  variants: 2,
  head: "linear",
  weightDecay: 3,
};

function run(out: string, settings: TrainSettings = {}, options: Partial<TrainOptions> = {}) {
  return train({
    data: at("pictures"),
    out: at(out),
    settings: { backbone: at("small.onnx"), ...usual, ...settings },
    run: { id: "run", createdAt: "2026-01-01T00:00:00.000Z" },
    executor,
    ...options,
  });
}

describe("a training on a backbone", () => {
  it("ends with one bundle that answers as the head did on features, and names the backbone", async () => {
    const report = await run("head.onnx", { head: undefined, weightDecay: undefined } as never);
    await report.pack.pixels.close();
    expect(report.evaluation.accuracy).toBe(1);
    const { info } = report.bundle;
    expect(info.architecture.name).toBe("backbone");
    expect(info.recipe).toMatchObject({ width: 8, height: 8, channels: 3 });
    expect(info.lineage.backbone).toMatchObject({
      name: "small.onnx",
      layer: "features",
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const bundle = await loadBundle({ path: at("head.onnx") }, executor);
    expect((await bundle.answer(new Uint8Array(8 * 8 * 3))).probabilities).toHaveLength(2);
    await bundle.close();
  });

  it.each(["1", "2", "all"])("fine-tunes the last blocks (%s) from the head on features", async (fineTune) => {
    const report = await run(`tuned-${fineTune}.onnx`, { fineTune, epochs: 2, learningRate: 0.01 });
    await report.pack.pixels.close();
    expect(report.evaluation.accuracy).toBe(1);
    const frozen = await readFile(at("small.onnx"));
    expect(report.bundle.sizeBytes).toBeGreaterThan(frozen.length / 2);
    expect(report.bundle.info.architecture.options).toMatchObject({
      tunedBlocks: fineTune === "all" ? 3 : Number(fineTune),
    });
  });

  it("keeps running statistics of tuned batch norms where that is asked for, and moves them", async () => {
    const report = await run("updated.onnx", { fineTune: "2", batchNorm: "updated", epochs: 3, patience: 3 });
    await report.pack.pixels.close();
    expect(report.bundle.info.architecture.options.batchNorm).toBe("updated");
  });

  it("takes pictures in the layout and order that are declared", async () => {
    const options = { executor, data: at("pictures"), logger: silentLogger };
    const features = async (settings: TrainSettings) => {
      const { fitted, pack } = await prepareTraining({ ...options, settings: { ...usual, variants: 1, ...settings } });
      await pack.pixels.close();
      const bytes = await readPixels(fitted.pack, Uint32Array.of(0, 1, 2));
      return Array.from(new Float32Array(bytes.buffer));
    };
    const nchw = await features({ backbone: at("small.onnx") });
    const nhwc = await features({ backbone: at("nhwc.onnx") });
    expect(nhwc).toEqual(nchw.map((value) => expect.closeTo(value, 5)));
    const bgr = await features({ backbone: at("small.onnx"), backboneInput: "minus-one-to-one,bgr" });
    expect(bgr).not.toEqual(nchw.map((value) => expect.closeTo(value, 3)));
  });

  it("does not run the backbone again for pictures that it has seen, but for those whose kept numbers are damaged", async () => {
    const packs = at("packs");
    const labels: string[] = [];
    const progress = {
      start: ({ label, total }: { label: string; total: number }) => {
        labels.push(`${label} ${total}`);
        return { advance: () => {}, done: () => {}, fail: () => {} };
      },
    };
    const again = async (out: string) => {
      labels.length = 0;
      const report = await run(out, { variants: 2 }, { packs, progress: progress as never });
      await report.pack.pixels.close();
      return labels.filter((label) => label.startsWith("features"));
    };
    expect(await again("first.onnx")).toHaveLength(1);
    expect(await again("second.onnx")).toEqual([]);
    const [cache] = await readdir(join(packs, "activations"));
    const [file] = (await readdir(join(packs, "activations", cache!))).sort();
    const path = join(packs, "activations", cache!, file!);
    const bytes = await readFile(path);
    bytes[bytes.length - 5]! ^= 1;
    await writeFile(path, bytes);
    expect(await again("third.onnx")).toHaveLength(1);
    expect(await readFile(at("third.onnx"))).toEqual(await readFile(at("first.onnx")));
  });

  it("is resumed to the very same weights", async () => {
    const settings = { fineTune: "1", epochs: 4, patience: 9 } as const;
    const straight = await run("straight.onnx", settings);
    await straight.pack.pixels.close();
    const controller = new AbortController();
    const stopped = run("stopped.onnx", settings, {
      signal: controller.signal,
      logger: createLogger(() => {}),
      onEvent: (event) => {
        if (event.type === "epoch" && event.metrics.epoch === 2) controller.abort(interruption("SIGINT"));
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "INTERRUPTED" });
    const resumed = await run("stopped.onnx", settings, { resume: true });
    await resumed.pack.pixels.close();
    expect(resumed.epochsBefore).toBe(2);
    expect(await readFile(at("stopped.onnx"))).toEqual(await readFile(at("straight.onnx")));
  });

  it("is not resumed with another head or other blocks", async () => {
    await expect(run("stopped.onnx", { fineTune: "2", epochs: 4 }, { resume: true })).rejects.toMatchObject({
      code: "CHECKPOINT_INVALID",
    });
  });

  it("goes on from a bundle of ours as from any other model", async () => {
    const report = await run("from-bundle.onnx", {
      backbone: at("head.onnx"),
      backboneInput: undefined,
      layer: undefined,
    } as never);
    await report.pack.pixels.close();
    expect(report.evaluation.accuracy).toBe(1);
    expect(report.bundle.info.lineage.backbone?.name).toBe("head.onnx");
  });
});

describe("a backbone", () => {
  const failure = (settings: TrainSettings) => expect(run("none.onnx", settings)).rejects;

  it("is refused where nobody said how it takes pictures", async () => {
    await failure({ backboneInput: undefined } as never).toMatchObject({
      code: "BACKBONE_INPUT",
      message: expect.stringMatching(/^Expected a declaration of how the backbone takes pictures; got none/),
      hint: expect.stringContaining("imagenet"),
    });
  });

  it("is described by a file beside it, or by its metadata", async () => {
    const input = {
      height: 8,
      width: 8,
      channels: 3,
      layout: "nchw",
      order: "rgb",
      mean: [0, 0, 0],
      std: [1, 1, 1],
      fit: "cover",
    };
    const card = { input, layer: "maps", licence: "Apache-2.0", name: "small" };
    await writeFile(at("beside.onnx"), smallBackbone());
    await writeFile(at("beside.backbone.json"), JSON.stringify(card));
    await writeFile(at("inside.onnx"), smallBackbone({ metadata: { "pawprint.backbone": JSON.stringify(card) } }));
    for (const name of ["beside", "inside"]) {
      const report = await run(`${name}-head.onnx`, {
        backbone: at(`${name}.onnx`),
        backboneInput: undefined,
        layer: undefined,
      } as never);
      await report.pack.pixels.close();
      expect(report.bundle.info.lineage.backbone).toMatchObject({
        layer: "maps",
        licence: "Apache-2.0",
        name: "small",
      });
    }
  });

  it("is refused where the file beside it is of other bytes, or no description", async () => {
    await writeFile(at("other.onnx"), smallBackbone());
    await writeFile(at("other.backbone.json"), JSON.stringify({ sha256: "0".repeat(64) }));
    await failure({ backbone: at("other.onnx") }).toMatchObject({ code: "BACKBONE_INPUT" });
    await writeFile(at("other.backbone.json"), JSON.stringify({ input: { mean: "imagenet" } }));
    await failure({ backbone: at("other.onnx") }).toMatchObject({ code: "BACKBONE_INPUT" });
  });

  it.each([
    ["minus-one-to-one,bgr,16x16", /a declaration of 16x16 pixels/],
    ["imagnet", /'imagnet'/],
    ["imagenet,rot", /'rot'/],
    ["{", /JSON/],
  ])("refuses the declaration %s", async (backboneInput, message) => {
    await failure({ backboneInput }).toMatchObject({ code: "BACKBONE_INPUT", message: expect.stringMatching(message) });
  });

  it("names its layers where there is none of the name", async () => {
    await failure({ layer: "feature" }).toMatchObject({
      code: "LAYER_UNKNOWN",
      message: expect.stringMatching(/such as features, maps.*'feature'/),
    });
  });

  it("with operations without a gradient is refused for fine-tuning, by name, and taken where it is frozen", async () => {
    await writeFile(at("rounding.onnx"), smallBackbone({ rounds: true }));
    await failure({ backbone: at("rounding.onnx"), fineTune: "1" }).toMatchObject({
      code: "BACKBONE_UNSUITED",
      message: expect.stringContaining("Round 'rounding'"),
    });
    const report = await run("on-rounding.onnx", { backbone: at("rounding.onnx") });
    await report.pack.pixels.close();
    expect(report.bundle.info.lineage.backbone?.name).toBe("rounding.onnx");
  });

  it("has no more blocks to fine-tune than it has", async () => {
    await failure({ fineTune: "9" }).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("the 3 blocks"),
    });
  });

  it.each([
    [{ architecture: "resnet" }, "no `architecture` beside a backbone"],
    [{ channels: 1 }, "the 3 channels"],
    [{ mixup: 0.2 }, "no mixed pictures"],
  ] as const)("does not go with %j", async (settings, message) => {
    await failure(settings).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(message) });
  });

  it("is needed beside its settings", async () => {
    await failure({
      backbone: undefined,
      layer: undefined,
      backboneInput: undefined,
      fineTune: "1",
    } as never).toMatchObject({ code: "CONFIG_INVALID" });
  });
});
