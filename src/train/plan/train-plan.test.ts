import { describe, expect, it } from "vitest";
import { patternPack } from "../../../tests/fixtures/pattern-pack.ts";
import { planPictures, planSteps } from "./train-plan.ts";

/** A photograph has no size of its own before it is decoded. */
const photograph = undefined;
const digit = { width: 28, height: 28, channels: 1 } as const;

const reasonOf = (plan: { choices: readonly { setting: string; reason: string }[] }, setting: string) =>
  plan.choices.find((choice) => choice.setting === setting)?.reason;

describe("what follows from the first picture", () => {
  it("is colour at one size for photographs, and the pictures' own size and channels for pixels", () => {
    expect(planPictures(photograph, {}).recipe).toMatchObject({ width: 64, height: 64, channels: 3 });
    expect(planPictures(digit, {}).recipe).toMatchObject({ width: 28, height: 28, channels: 1 });
  });

  it("is larger for photographs where there is time for it", () => {
    const { recipe, choices } = planPictures(photograph, { time: "2h" });
    expect(recipe).toMatchObject({ width: 128, height: 128 });
    expect(reasonOf({ choices }, "size")).toBe("for photographs, in so much time");
    expect(planPictures(photograph, { time: "20m" }).recipe.width).toBe(64);
    expect(planPictures(photograph, { time: "2h", size: 96 }).recipe.width).toBe(96);
    expect(planPictures(digit, { time: "2h" }).recipe.width).toBe(28);
  });

  it("gives way to what is given, and says which is which", () => {
    const plan = planPictures(digit, { size: 32, channels: 3, architecture: "resnet", dropout: 0.3 });
    expect(plan.recipe).toMatchObject({ width: 32, height: 32, channels: 3 });
    expect(plan.network).toMatchObject({ architecture: "resnet", options: { dropout: 0.3 } });
    expect(reasonOf(plan, "size")).toBe("given");
    expect(reasonOf(plan, "widths")).toBe("stages for 32 pixels");
  });

  it("has fewer stages for smaller pictures, down to the smallest that are allowed", () => {
    const stages = (size: number) => (planPictures(photograph, { size }).network.options.widths as number[]).length;
    const counts = [4, 8, 28, 64, 128, 512].map(stages);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts[0]).toBe(1);
  });

  it("is no change of hue for grey pictures", () => {
    expect(() => planPictures(digit, { hue: 0.1 })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", hint: "leave hue out, or train in colour with --channels 3" }),
    );
    expect(planPictures(digit, { hue: 0.1, channels: 3 }).recipe.channels).toBe(3);
    expect(planPictures(digit, { hue: 0, saturation: 0 }).recipe.channels).toBe(1);
  });

  it("hands further options to the architecture, which refuses unknown ones", () => {
    expect(
      planPictures(photograph, { architecture: "mobilenet", architectureOptions: { stemWidth: 16 } }).network.options,
    ).toMatchObject({ stemWidth: 16 });
    expect(() => planPictures(photograph, { architectureOptions: { blocs: 3 } })).toThrow(
      expect.objectContaining({ code: "CONFIG_UNKNOWN_KEY" }),
    );
    expect(() => planPictures(photograph, { architecture: "resnt" })).toThrow(
      expect.objectContaining({ code: "ARCHITECTURE_UNKNOWN", hint: "did you mean resnet?" }),
    );
  });
});

describe("what follows from the pack", () => {
  const pack = patternPack({ train: 30, val: 6 });

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
    expect(reasonOf(plan, "class weights")).toBe("the largest class has 10.0 times the pictures of the smallest");
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
