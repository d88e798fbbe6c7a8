import { describe, expect, it } from "vitest";
import { patternPack } from "../../../tests/fixtures/pattern-pack.ts";
import type { Choice } from "./choice.ts";
import { planSteps } from "./step-plan.ts";

const reasonOf = (plan: { choices: readonly Choice[] }, key: Choice["key"]) =>
  plan.choices.find((choice) => choice.key === key)?.reason;

describe("what follows from the pack", () => {
  const pack = patternPack({ train: 30, val: 6 });

  it("lasts for the time that is given, else for epochs", () => {
    expect(planSteps(pack, "folder", { time: "90s" })).toMatchObject({
      budget: { timeMs: 90_000 },
      choices: expect.arrayContaining([{ key: "time", value: "90s", label: "time", reason: "given" }]),
    });
    expect(planSteps(pack, "idx", {}).budget).toEqual({ epochs: 9 });
    const { budget, choices } = planSteps(pack, "folder", { epochs: 7 });
    expect(budget).toEqual({ epochs: 7 });
    expect(choices[0]).toEqual({ key: "epochs", value: 7, label: "epochs", reason: "given" });
    expect(() => planSteps(pack, "folder", { epochs: 7, time: "90s" })).toThrow("either time or epochs; got both");
  });

  it("mirrors photographs and no digits", () => {
    expect(planSteps(pack, "folder", {}).augmentation.flip).toBe(true);
    expect(planSteps(pack, "idx", {}).augmentation.flip).toBe(false);
    expect(planSteps(pack, "idx", { flip: true }).augmentation.flip).toBe(true);
  });

  it("has batches that a small set fills", () => {
    const { batchSize } = planSteps(pack, "folder", {});
    expect(batchSize).toBeGreaterThanOrEqual(1);
    expect(batchSize).toBeLessThanOrEqual(30);
  });

  it("weighs classes by their rarity where one is twice as common as another, the mean picture at 1", () => {
    expect(planSteps(pack, "folder", {}).classWeights).toBeUndefined();
    const targets = pack.targets.map((_, at) => (at < 20 ? 0 : at < 28 ? 1 : 2));
    const plan = planSteps({ ...pack, targets }, "folder", {});
    expect(plan.classWeights).toEqual([30 / 60, 30 / 24, 30 / 6]);
    expect(reasonOf(plan, "classWeights")).toBe("the largest class has 10.0 times the pictures of the smallest");
    const mean = (20 * plan.classWeights![0]! + 8 * plan.classWeights![1]! + 2 * plan.classWeights![2]!) / 30;
    expect(mean).toBeCloseTo(1, 12);
    expect(planSteps({ ...pack, targets }, "folder", { classWeights: "none" }).classWeights).toBeUndefined();
  });

  it("begins with smaller pictures and varies them more where there is time for it", () => {
    const large = patternPack({ train: 9, val: 3, side: 128, channels: 3 });
    const long = planSteps(large, "folder", { time: "1h" });
    expect(long.stages.map(({ until, fedSize }) => [until, fedSize?.width])).toEqual([
      [0.35, 64],
      [0.7, 96],
      [1, undefined],
    ]);
    expect(long.augmentation).toMatchObject({ crop: 0.5, saturation: 0.2, shiftPixels: 0 });
    expect(planSteps(large, "folder", { time: "1h", progressive: false }).stages).toHaveLength(1);
    const short = planSteps(large, "folder", { time: "10m" });
    expect(short).toMatchObject({ stages: long.stages, augmentation: { crop: 1 } });
    expect(planSteps(large, "folder", { epochs: 9 }).stages).toHaveLength(1);
    expect(planSteps(pack, "folder", { time: "1h" }).stages).toHaveLength(1);
  });

  it("puts optimizer, decay and clipping together", () => {
    expect(planSteps(pack, "folder", { optimizer: "sgd", weightDecay: 0.01, clipNorm: 2 }).optimizer.name).toBe(
      "clip(2) sgd(0.9, nesterov, 0.01)",
    );
    expect(planSteps(pack, "folder", { optimizer: "adam" }).optimizer.name).toMatch(/^adam\(/);
    expect(planSteps(pack, "folder", { schedule: "constant" }).schedule(3, 10)).toBe(1);
    expect(planSteps(pack, "folder", { schedule: "cosine" }).schedule(9, 10)).toBeCloseTo(0, 12);
  });
});
