import { describe, expect, it } from "vitest";
import type { Recipe } from "../../image/recipe.ts";
import { planAugmentation } from "../../train/plan/augmentation-plan.ts";
import { type Choice, Choices } from "../../train/plan/choice.ts";
import type { TrainSettings } from "../../train/plan/train-config.ts";
import { createStyle } from "../frame/console.ts";
import { choicesText } from "./choices-text.ts";

const recipe: Recipe = { width: 64, height: 64, channels: 3, fit: "cover", kernel: "lanczos3" };
const textOf = (choices: readonly Choice[]) => choicesText(choices, createStyle(false));
const augmentationText = (settings: TrainSettings, kind: "folder" | "idx" = "folder") =>
  textOf(planAugmentation(recipe, kind, settings).choices)
    .split("\n")
    .map((line) => line.trim().split(/ {2,}/));

describe("the text of choices", () => {
  it("names each setting, its value with its unit, and the reason", () => {
    const choices = new Choices({ batchSize: 8 });
    choices.add("size", 64, "the usual size for photographs");
    choices.add("channels", 1, "the pictures' own channels");
    choices.add("widths", [16, 32], "stages for 64 pixels");
    choices.add("batchSize", 8, "24 training pictures");
    choices.add("averageSteps", 0, "half an epoch");
    choices.add("progressive", true, "quicker first epochs");
    expect(textOf(choices.all).split("\n")).toEqual([
      "  size                  64 x 64 pixels  the usual size for photographs",
      "  channels              1 (grey)        the pictures' own channels",
      "  widths                16, 32          stages for 64 pixels",
      "  batch size            8               given",
      "  averaged weights      no              half an epoch",
      "  progressive resizing  yes             quicker first epochs",
    ]);
    choices.add("size", { width: 28, height: 20 }, "the pictures' own size");
    expect(textOf(choices.all.slice(-1))).toContain("28 x 20 pixels");
  });

  it("has one row for all of the augmentation but flips", () => {
    expect(augmentationText({}, "idx")).toEqual([
      ["flip", "no", "a mirrored digit is not a digit"],
      ["augmentation", "shift 2 px, zoom 0.1, rotation 10 degrees", "varies the training pictures"],
    ]);
    expect(augmentationText({ shiftPixels: 0 }, "idx")[1]).toEqual([
      "augmentation",
      "zoom 0.1, rotation 10 degrees",
      "given",
    ]);
    const given = { shiftPixels: 1, zoom: 0.2, rotationDegrees: 15, shear: 0.1, crop: 0.3, brightness: 0.3 };
    const more = { contrast: 0.4, saturation: 0.5, hue: 0.05, erasing: 0.25, mixup: 0.2, cutmix: 1 };
    const settings = { flip: false, ...given, ...more, randAugment: 3, randAugmentMagnitude: 5 };
    expect(augmentationText(settings)).toEqual([
      ["flip", "no", "given"],
      [
        "augmentation",
        "crop to 0.3 of the area, 3 random changes of strength 5, shift 1 px, zoom 0.2, rotation 15 degrees, shear 0.1, " +
          "brightness 0.3, contrast 0.4, saturation 0.5, hue 0.05, erasing 0.25, mixup 0.2, cutmix 1",
        "given",
      ],
    ]);
    const none = { shiftPixels: 0, zoom: 0, brightness: 0, contrast: 0 };
    expect(augmentationText(none)[1]?.[1]).toBe("none");
  });
});
