import { describe, expect, it } from "vitest";
import { plainPlan } from "../../../tests/fixtures/fit-options.ts";
import { patternPack } from "../../../tests/fixtures/pattern-pack.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
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

  it("averages its runs, and each of them starts elsewhere", async () => {
    const short = { ...options, steps: 20, from: 1e-5, to: 1e-4 };
    const [one, three] = [await findRate(short), await findRate({ ...short, runs: 3 })];
    // The first step of each run has the loss of its own weights, which no rate has changed yet.
    const first = one.points[0]!.loss;
    const others = 3 * three.points[0]!.loss - first;
    expect(others).not.toBeCloseTo(2 * first, 3);
    expect(three.points).toHaveLength(20);
    const again = await findRate({ ...short, runs: 3 });
    expect(again.points).toEqual(three.points);
  });

  it("averages as many steps as its shortest run has, over the runs that were begun", async () => {
    const short = { ...options, runs: 3, steps: 20, from: 1e-5, to: 1e-4 };
    const whole = await findRate({ ...short, runs: 2 });
    const controller = new AbortController();
    let pictures = 0;
    const advance = (count = 1): void => {
      pictures += count;
      // In the second run, after its fifth step.
      if (pictures === 25 * plainPlan.batchSize) controller.abort();
    };
    const progress: Progress = { start: () => ({ advance, done: () => {}, fail: () => {} }) };
    const ended = await findRate({ ...short, signal: controller.signal, progress });
    expect(ended.points).toHaveLength(5);
    // The third run was not begun, and counts for nothing.
    for (const [at, { loss }] of ended.points.entries()) expect(loss).toBeCloseTo(whole.points[at]!.loss, 5);
  });

  it("gives back what it has when it is interrupted", async () => {
    const { points, advice } = await findRate({ ...options, signal: AbortSignal.abort() });
    expect([points.length, advice]).toEqual([0, undefined]);
  });
});
