import { describe, expect, it } from "vitest";
import { plainPlan } from "../../../tests/fixtures/fit-options.ts";
import { patternPack } from "../../../tests/fixtures/pattern-pack.ts";
import { silentProgress } from "../../base/progress.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { createModel } from "../create-model.ts";
import { findRate } from "./find-rate.ts";

const pack = patternPack();
const options = {
  executor: createOnnxRuntimeExecutor({ threads: 1 }),
  model: await createModel(createNetwork("cnn", { widths: [8] }), pack),
  pack,
  plan: { ...plainPlan, seed: 1 },
  runs: 1,
  steps: 120,
  from: 1e-6,
  to: 1,
  signal: undefined,
  progress: silentProgress,
};

describe("the range test", () => {
  it("raises the rate evenly on a logarithmic scale, over as many epochs as it takes", async () => {
    const { points } = await findRate({ ...options, steps: 25, from: 1e-5, to: 1e-3 });
    expect(points).toHaveLength(25);
    expect(points[0]!.learningRate).toBeCloseTo(1e-5, 12);
    expect(points[24]!.learningRate).toBeCloseTo(1e-3, 12);
    for (let at = 1; at < 25; at++) {
      expect(points[at]!.learningRate / points[at - 1]!.learningRate).toBeCloseTo(100 ** (1 / 24), 9);
    }
    expect(points[0]!.smoothedLoss).toBeCloseTo(points[0]!.loss, 9);
  });

  it("suggests a rate between those that do nothing and those that break", async () => {
    const { points, advice } = await findRate({ ...options, steps: 100, from: 1e-6, to: 100 });
    expect(points.length).toBeLessThan(100);
    expect(advice?.suggestion).toBeGreaterThan(1e-4);
    expect(advice?.suggestion).toBeLessThan(0.5);
  });

  it("gives back what it has when it is interrupted", async () => {
    const { points, advice } = await findRate({ ...options, signal: AbortSignal.abort() });
    expect([points.length, advice]).toEqual([0, undefined]);
  });
});
