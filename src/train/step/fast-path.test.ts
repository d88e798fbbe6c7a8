import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import type { TensorData } from "../../graph/tensor-type.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { type Augmentation, noAugmentation } from "../../nn/augment/augmentation.ts";
import { drawAugmentation } from "../../nn/augment/draw.ts";
import { numbersPerPicture } from "../../nn/augment/numbers.ts";
import { createCpuExecutor } from "../../runtime/cpu-executor.ts";
import type { Executor } from "../../runtime/executor.ts";
import { sgd } from "./optimizer.ts";
import { buildTrainStep, type TrainStep } from "./step.ts";
import { initialState, StepRunner } from "./step-runner.ts";

const [batchSize, side, steps] = [16, 32, 2];
const fast = await createCpuExecutor({ threads: 2 });
const portable = await createCpuExecutor({ threads: 2, lowering: "portable" });

const usual: Augmentation = {
  ...noAugmentation,
  flip: true,
  shiftPixels: 2,
  zoom: 0.1,
  brightness: 0.1,
  contrast: 0.1,
};
const everything: Augmentation = {
  ...usual,
  rotationDegrees: 20,
  shear: 0.1,
  crop: 0.5,
  saturation: 0.3,
  hue: 0.1,
  erasing: 0.5,
  mixup: 0.2,
  cutmix: 1,
  randAugment: { count: 2, magnitude: 9 },
};

/** The parameters, running statistics and losses after two steps on the same noise. */
async function trained(
  executor: Executor,
  name: string,
  options: Readonly<Record<string, unknown>>,
  augmentation = usual,
) {
  const model = {
    network: createNetwork(name, options),
    size: { height: side, width: side, channels: 3 },
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    labels: ["a", "b", "c"],
  };
  const step = buildTrainStep({ model, batchSize, optimizer: sgd(), augmentation, labelSmoothing: 0.1 });
  const random = createRandom(name);
  const runner = await StepRunner.start(executor, step, sgd(), initialState(step, sgd(), random.split("weights")));
  try {
    const losses: number[] = [];
    for (let at = 1; at <= steps; at++)
      losses.push((await runner.run(batch(at, step), { learningRate: 0.02, step: at })).loss);
    const { parameters, statistics } = runner.state();
    return { losses, parameters: parameters!.slice(), statistics: statistics!.slice() };
  } finally {
    await runner.close();
  }
}

function batch(seed: number, { augmentation }: TrainStep): Record<string, TensorData> {
  const random = createRandom(seed);
  const pixels = Uint8Array.from({ length: batchSize * side * side * 3 }, () => random.integer(256));
  const numbers = new Float32Array(batchSize * numbersPerPicture(3));
  drawAugmentation(random.split("augmentation"), augmentation!, numbers);
  return {
    pictures: { dtype: "uint8", shape: [batchSize, side, side, 3], data: pixels },
    targets: {
      dtype: "int32",
      shape: [batchSize],
      data: Int32Array.from({ length: batchSize }, () => random.integer(3)),
    },
    augmentation: { dtype: "float32", shape: [batchSize, numbersPerPicture(3)], data: numbers },
  };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[at]!)), 0);
}

describe("training on the fast path", () => {
  it.each([
    ["cnn", { widths: [16, 32] }],
    ["resnet", { widths: [16, 32] }],
    ["mobilenet", { widthMultiplier: 1 }],
  ] as const)("gives the same weights as on the portable graph: %s", async (name, options) => {
    const [expected, actual] = [await trained(portable, name, options), await trained(fast, name, options)];
    // Two steps of float32 sums in another order; weights are of the order of 0.1 to 1.
    actual.losses.forEach((loss, at) => {
      expect(loss).toBeCloseTo(expected.losses[at]!, 4);
    });
    expect(largestDifference(actual.parameters, expected.parameters)).toBeLessThan(1e-4);
    expect(largestDifference(actual.statistics, expected.statistics)).toBeLessThan(1e-4);
  });

  it("takes every kind of augmentation as the portable graph does", async () => {
    const options = { widths: [16, 32] };
    const expected = await trained(portable, "cnn", options, everything);
    const actual = await trained(fast, "cnn", options, everything);
    expect(actual.losses[1]).toBeCloseTo(expected.losses[1]!, 4);
    expect(largestDifference(actual.parameters, expected.parameters)).toBeLessThan(1e-4);
    expect(await trained(fast, "cnn", options, everything)).toEqual(actual);
  });

  it("gives the same weights bit for bit from the same seed and threads", async () => {
    const runs = [await trained(fast, "cnn", { widths: [16, 32] }), await trained(fast, "cnn", { widths: [16, 32] })];
    expect(runs[1]).toEqual(runs[0]);
  });
});
