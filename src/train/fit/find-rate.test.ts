import { describe, expect, it } from "vitest";
import { plainPlan } from "../../../tests/fixtures/fit-options.ts";
import { patternPack } from "../../../tests/fixtures/pattern-pack.ts";
import { silentProgress } from "../../base/progress.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { createModel } from "../create-model.ts";
import { findRate, type RatePoint, steepest } from "./find-rate.ts";

const pack = patternPack();
const options = {
  executor: createOnnxRuntimeExecutor({ threads: 1 }),
  model: await createModel(createNetwork("cnn", { widths: [8] }), pack),
  pack,
  plan: { ...plainPlan, seed: 1 },
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
    const { points, suggestion } = await findRate({ ...options, steps: 100, from: 1e-6, to: 100 });
    expect(points.length).toBeLessThan(100);
    expect(suggestion).toBeGreaterThan(1e-4);
    expect(suggestion).toBeLessThan(0.5);
  });

  it("gives back what it has when it is interrupted", async () => {
    const { points, suggestion } = await findRate({ ...options, signal: AbortSignal.abort() });
    expect([points.length, suggestion]).toEqual([0, undefined]);
  });
});

describe("the steepest point", () => {
  const curve = (losses: readonly number[]): RatePoint[] =>
    losses.map((smoothedLoss, at) => ({ learningRate: 10 ** at, loss: smoothedLoss, smoothedLoss }));

  it("is where the loss falls fastest before its lowest", () => {
    expect(steepest(curve([5, 5, 5, 5, 5, 5, 4.8, 4, 3.5, 3.4, 9]))).toBe(1e7);
  });

  it("is none where the loss never falls", () => {
    expect(steepest(curve([1, 2, 3, 4, 5, 6, 7, 8]))).toBeUndefined();
    expect(steepest([])).toBeUndefined();
  });
});
