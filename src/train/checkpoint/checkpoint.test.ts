import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FlatFitOptions, fitOptions } from "../../../tests/fixtures/fit-options.ts";
import { patternPack } from "../../../tests/fixtures/pattern-pack.ts";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { createRandom } from "../../base/random.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { createModel } from "../create-model.ts";
import { fit as fitModel } from "../fit/fit.ts";
import { adamw } from "../step/optimizer.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

const pack = patternPack();
const optimizer = adamw();
const train = (settings: FlatFitOptions) => fitModel(fitOptions(settings));
const run = { id: "run", name: "pattern", createdAt: "2026-01-01T00:00:00.000Z" };
const options: FlatFitOptions = {
  executor: createOnnxRuntimeExecutor({ threads: 2 }),
  model: await createModel(createNetwork("cnn", { widths: [4] }), pack),
  pack,
  optimizer,
  seed: 5,
};

let folder = "";
let checkpoint: Checkpoint;
let finalWeights: Float32Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-checkpoint-"));
  const result = await train({
    ...options,
    averageSteps: 4,
    onCheckpoint: (snapshot) => {
      if (snapshot.epoch !== 2) return;
      checkpoint = { run, model: options.model, optimizer: optimizer.name, settings: { seed: 5 }, snapshot };
    },
  });
  finalWeights = result.last.parameters;
});
afterAll(() => rm(folder, { recursive: true }));

/** The checkpoint's file with another header or other tensors. */
function changed(change: (head: Record<string, unknown>) => void, drop?: string): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(encodeCheckpoint(checkpoint), "x");
  const head = JSON.parse(metadata["pawprint.checkpoint"]!);
  change(head);
  const kept = [...tensors.values()].filter(({ name }) => name !== drop);
  return encodeSafetensors(kept, { "pawprint.checkpoint": JSON.stringify(head) });
}

describe("a checkpoint", () => {
  it("resumes, from disk, to the weights of a training that never stopped", async () => {
    const path = join(folder, "last.safetensors");
    await saveCheckpoint(path, checkpoint);
    const { run: loaded, model, optimizer: name, settings, snapshot } = await loadCheckpoint(path);
    expect(loaded).toEqual(run);
    expect(settings).toEqual({ seed: 5 });
    expect(name).toBe("adamw(0.9, 0.999, 1e-8, 0.01)");
    expect([snapshot.epoch, snapshot.step, snapshot.history.length]).toEqual([2, 6, 2]);
    const resumed = await train({ ...options, averageSteps: 4, model, resume: snapshot });
    expect(resumed.last.parameters).toEqual(finalWeights);
  });

  it("replaces an older one, and leaves no temporary file", async () => {
    const path = join(folder, "twice.safetensors");
    await saveCheckpoint(path, checkpoint);
    await saveCheckpoint(path, checkpoint);
    expect((await readdir(folder)).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  it("holds every weight under its layer's name", () => {
    const names = [...decodeSafetensors(encodeCheckpoint(checkpoint), "x").tensors.keys()];
    expect(names).toContain("stage1.conv1.weight");
    expect(names).toContain("stage1.norm1.variance");
    expect(names).toContain("best.head.bias");
    expect(names).toContain("average.stage1.norm1.variance");
    expect(names).toContain("optimizer.firstMoment");
  });

  it("gives back the very same snapshot", () => {
    const decoded = decodeCheckpoint(encodeCheckpoint(checkpoint), "x");
    expect(decoded.snapshot).toEqual(checkpoint.snapshot);
    expect(decoded.model.normalization).toEqual(options.model.normalization);
    expect(decoded.model.network.options).toEqual({ widths: [4], dropout: 0 });
  });

  it.each<[string, () => Uint8Array, string]>([
    ["a missing weight", () => changed(() => {}, "head.weight"), "tensor 'head.weight' of shape [3,4]; got none"],
    [
      "another version",
      () =>
        changed((head) => {
          head.format = 3;
        }),
      "for format in its header",
    ],
    [
      "other labels",
      () =>
        changed((head) => {
          head.labels = ["a", "b"];
        }),
      "head.weight' of shape [2,4]; got [3,4]",
    ],
    [
      "an unknown architecture",
      () =>
        changed((head) => {
          head.architecture = "vgg";
        }),
      "architecture of this version",
    ],
    ["another program's file", () => encodeSafetensors([], {}), "'pawprint.checkpoint'; got a file without it"],
    ["a header that is no JSON", () => encodeSafetensors([], { "pawprint.checkpoint": "{" }), "a header in JSON"],
  ])("is refused with %s", (_, bytes, message) => {
    expect(() => decodeCheckpoint(bytes(), "run/last")).toThrow(
      expect.objectContaining({ code: "CHECKPOINT_INVALID", where: "run/last" }),
    );
    expect(() => decodeCheckpoint(bytes(), "run/last")).toThrow(message);
  });

  it("is refused when it is cut, and said to be missing when it is", async () => {
    const path = join(folder, "cut.safetensors");
    await writeFile(path, encodeCheckpoint(checkpoint).subarray(0, 5000));
    await expect(loadCheckpoint(path)).rejects.toMatchObject({ code: "CHECKPOINT_INVALID", where: path });
    await expect(loadCheckpoint(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("is refused with its code, or read, whatever stands in any place of its header", () => {
    const { metadata } = decodeSafetensors(encodeCheckpoint(checkpoint), "x");
    const paths = pathsIn(JSON.parse(metadata["pawprint.checkpoint"]!)).filter((path) => path.length > 0);
    expect(paths.length).toBeGreaterThan(50);
    const deep = JSON.parse(`${"[".repeat(1000)}${"]".repeat(1000)}`);
    const strange = [null, -1, 0.5, 2 ** 31, 1e300, "", "\ud800", [], {}, [null], "x".repeat(10_000), deep, undefined];
    for (const path of paths) {
      for (const value of strange) {
        const file = changed((head) => {
          const parent = path.slice(0, -1).reduce<unknown>((at, step) => Reflect.get(Object(at), step), head);
          Reflect.set(Object(parent), path.at(-1)!, value);
        });
        expectReadOrRefused(() => decodeCheckpoint(file, "run/last"));
      }
    }
  });

  it("is refused with its code, or read, whichever byte was changed", () => {
    const file = encodeCheckpoint(checkpoint);
    const headerEnd = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    const random = createRandom("checkpoint");
    for (let round = 0; round < 1500; round++) {
      const bytes = Uint8Array.from(file);
      bytes[random.integer(headerEnd)]! ^= 1 + random.integer(255);
      expectReadOrRefused(() => decodeCheckpoint(bytes, "run/last"));
    }
  });

  it.skipIf(process.platform === "win32")("is not waited for where it is a pipe", async () => {
    const path = join(folder, "pipe.safetensors");
    execFileSync("mkfifo", [path]);
    expect(await failureOf(loadCheckpoint(path))).toMatchObject({ code: "FILE_READ_FAILED" });
  });
});

/** Every place in a JSON value, as the keys that lead there. */
function pathsIn(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, part]) => pathsIn(part).map((path) => [key, ...path]))];
}

function expectReadOrRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toMatchObject({ code: "CHECKPOINT_INVALID", where: "run/last" });
    expect(String(error).length).toBeLessThan(3000);
  }
}
