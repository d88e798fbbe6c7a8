import { describe, expect, it } from "vitest";
import type { Choice } from "./choice.ts";
import { planPictures, planPicturesOf } from "./picture-plan.ts";
import type { TrainSettings } from "./train-config.ts";

/** A photograph has no size of its own before it is decoded. */
const photograph = undefined;
const digit = { width: 28, height: 28, channels: 1 } as const;

const reasonOf = (plan: { choices: readonly Choice[] }, key: Choice["key"]) =>
  plan.choices.find((choice) => choice.key === key)?.reason;

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

  describe("is never above the median of the pictures' shorter sides", () => {
    const sizeOf = (sides: readonly number[], settings: TrainSettings = {}) => {
      const { recipe, choices } = planPictures(photograph, settings, sides);
      return [recipe.width, reasonOf({ choices }, "size")];
    };
    const own = "the pictures' own size";

    it("for pictures of one size, or nearly all of one size", () => {
      expect(sizeOf([32, 32, 32])).toEqual([32, own]);
      expect(sizeOf([45])).toEqual([45, own]);
      expect(sizeOf([28, 32, 32, 32, 500])).toEqual([32, own]);
      expect(sizeOf([96, 96, 96], { time: "2h" })).toEqual([96, own]);
    });

    it("for pictures of many sizes, at a multiple of 8", () => {
      expect(sizeOf([28, 30, 45, 300, 500])).toEqual([40, "half of the pictures have at most 45 pixels"]);
      expect(sizeOf([28, 300, 400, 500, 600])).toEqual([64, "the usual size for photographs"]);
      expect(sizeOf([28, 60, 100, 110, 600], { time: "2h" })).toEqual([96, expect.stringContaining("100 pixels")]);
    });

    it("but takes what is given, and no fewer pixels than can be given", () => {
      expect(sizeOf([32, 32], { size: 64 })).toEqual([64, "given"]);
      expect(sizeOf([1, 1])[0]).toBe(4);
      expect(sizeOf([2, 3, 5, 6, 7])[0]).toBe(5);
      expect(sizeOf([])).toEqual([64, "the usual size for photographs"]);
    });

    it("and is asked for only where nothing else decides", async () => {
      const facts = { own: undefined, labels: async () => [], shorterSides: async () => [48, 48] };
      expect((await planPicturesOf(facts, {})).recipe).toMatchObject({ width: 48, height: 48 });
      const unasked = { ...facts, shorterSides: () => Promise.reject(new Error("asked")) };
      expect((await planPicturesOf(unasked, { size: 24 })).recipe.width).toBe(24);
      expect((await planPicturesOf({ ...unasked, own: digit }, {})).recipe.width).toBe(28);
    });
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
      expect.objectContaining({ code: "CONFIG_INVALID", hint: "leave `hue` out, or train in colour: `channels` 3" }),
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
