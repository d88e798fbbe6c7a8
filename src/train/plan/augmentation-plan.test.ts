import { describe, expect, it } from "vitest";
import type { Recipe } from "../../image/recipe.ts";
import { noAugmentation } from "../../nn/augment/augmentation.ts";
import { augmentationKeys, planAugmentation } from "./augmentation-plan.ts";
import type { TrainSettings } from "./train-config.ts";

const recipe: Recipe = { width: 64, height: 64, channels: 3, fit: "cover", kernel: "lanczos3" };
const plan = (settings: TrainSettings, kind: "folder" | "idx" = "folder") => planAugmentation(recipe, kind, settings);

describe("how pictures are varied", () => {
  it("is mild for photographs, and of place and angle alone for digits, by default", () => {
    const mild = { flip: true, shiftPixels: 4, zoom: 0.15, brightness: 0.2, contrast: 0.2 };
    expect(plan({}).augmentation).toEqual({ ...noAugmentation, ...mild });
    expect(plan({}, "idx").augmentation).toEqual({
      ...noAugmentation,
      shiftPixels: 2,
      zoom: 0.1,
      rotationDegrees: 10,
    });
  });

  it("is stronger for photographs where there is time for it", () => {
    expect(plan({ time: "1h" }).augmentation).toMatchObject({ crop: 0.5, zoom: 0, saturation: 0.2 });
    expect(plan({ time: "20m" })).toEqual(plan({}));
    expect(plan({ time: "1h" }, "idx")).toEqual(plan({}, "idx"));
  });

  it("takes every setting as it is given", () => {
    const given = {
      flip: false,
      shiftPixels: 1,
      zoom: 0.2,
      rotationDegrees: 15,
      shear: 0.1,
      crop: 0.3,
      brightness: 0.3,
      contrast: 0.4,
      saturation: 0.5,
      hue: 0.05,
      erasing: 0.25,
      mixup: 0.2,
      cutmix: 1,
    };
    const { augmentation, choices } = plan({ ...given, randAugment: 3, randAugmentMagnitude: 5 });
    expect(augmentation).toEqual({ ...given, randAugment: { count: 3, magnitude: 5 } });
    expect(choices.map(({ key, value, reason }) => [key, value, reason])).toEqual(
      augmentationKeys.map((key) => [key, { ...given, randAugment: 3, randAugmentMagnitude: 5 }[key], "given"]),
    );
  });

  it("leaves the usual changes to a crop or a policy that makes them itself", () => {
    expect(plan({ crop: 0.08 }).augmentation).toMatchObject({ crop: 0.08, shiftPixels: 0, zoom: 0, brightness: 0.2 });
    const policy = { randAugment: { count: 2, magnitude: 9 }, shiftPixels: 0, zoom: 0, brightness: 0, contrast: 0 };
    expect(plan({ randAugment: 2 }).augmentation).toMatchObject(policy);
    expect(plan({ randAugmentMagnitude: 9 }).augmentation).toMatchObject(policy);
    expect(plan({ randAugment: 0, randAugmentMagnitude: 9 }).augmentation).toMatchObject({ shiftPixels: 4 });
    expect(plan({ crop: 0.08, zoom: 0.1 }).augmentation).toMatchObject({ shiftPixels: 0, zoom: 0.1 });
  });

  it("has a reason for each value that was not given", () => {
    const [flip, shift] = plan({}, "idx").choices;
    expect(flip).toMatchObject({ key: "flip", value: false, reason: "a mirrored digit is not a digit" });
    expect(shift).toEqual({
      key: "shiftPixels",
      value: 2,
      label: "shift pixels",
      reason: "varies the training pictures",
    });
    const [, given, zoom] = plan({ shiftPixels: 0 }, "idx").choices;
    expect(given).toMatchObject({ key: "shiftPixels", value: 0, reason: "given" });
    expect(zoom).toMatchObject({ key: "zoom", value: 0.1, reason: "varies the training pictures" });
  });

  it("has a setting of train for each part", () => {
    const parts = Object.keys(noAugmentation);
    expect(augmentationKeys.filter((key) => key !== "randAugmentMagnitude").toSorted()).toEqual(parts.toSorted());
  });
});
