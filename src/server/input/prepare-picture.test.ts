import { expect, it } from "vitest";
import { applyRecipe } from "../../image/recipe.ts";
import { drawSamplePicture } from "../../image/sample-pictures.ts";
import { canTakeSamePixels, pixelsFromNumbers, preparePicture } from "./prepare-picture.ts";

const recipe = { width: 2, height: 1, channels: 1, fit: "stretch", kernel: "linear" } as const;
const given = (values: readonly number[], where = "image") =>
  ({ kind: "numbers", values: Float64Array.from(values), shape: [values.length], where }) as const;
const numbers = (...values: number[]) => pixelsFromNumbers(given(values), recipe);

it("takes numbers up to 1 as shares of full brightness, and others as bytes", () => {
  expect([...numbers(0, 1)]).toEqual([0, 255]);
  expect([...numbers(0.5, 0.1)]).toEqual([128, 26]);
  expect([...numbers(0, 2)]).toEqual([0, 2]);
  expect([...numbers(254.5, 255)]).toEqual([255, 255]);
});

it("brings every byte back that was divided by 255", () => {
  for (let value = 0; value < 256; value++) expect([...numbers(value / 255, 1)]).toEqual([value, 255]);
});

it.each([
  [[1], "an array of the shape [1,2,1], [1,2], [2,1] or [2], alone or in a list of one; got the shape [1]"],
  [[1, 2, 3], "got the shape [3]"],
  [[-0.1, 1], "-0.1"],
  [[0, 256], "256"],
  [[0, Number.NaN], "NaN"],
  [[Number.POSITIVE_INFINITY, 0], "Infinity"],
])("refuses %j", (values, text) => {
  expect(() => numbers(...values)).toThrow(text);
});

it("sends files through the recipe, and pixels as they are", async () => {
  const bytes = await drawSamplePicture({ label: "cat", seed: 1, sizePx: 32 });
  const expected = await applyRecipe(bytes, recipe);
  expect(await preparePicture({ kind: "file", bytes, where: "x" }, recipe)).toEqual(expected);
  const pixels = Uint8Array.of(3, 4);
  expect(await preparePicture({ kind: "pixels", pixels, where: "x" }, recipe)).toBe(pixels);
  await expect(preparePicture({ kind: "pixels", pixels: Uint8Array.of(1), where: "x" }, recipe)).rejects.toMatchObject({
    code: "REQUEST_INVALID",
  });
});

it("knows recipes that give the same pixels", () => {
  expect(canTakeSamePixels(recipe, { ...recipe })).toBe(true);
  expect(canTakeSamePixels(recipe, { ...recipe, kernel: "lanczos3" })).toBe(false);
});

it("names the number that is no pixel", () => {
  expect(() => pixelsFromNumbers(given([0, 256], "images[2]"), recipe)).toThrow(
    expect.objectContaining({
      received: "256",
      where: "images[2], number 1",
      hint: "send pixels as they are, not normalised: the model does that itself",
    }),
  );
});

it("scales nothing that is said to be bytes, and takes no fraction of one", () => {
  expect([...pixelsFromNumbers({ ...given([0, 1]), areBytes: true }, recipe)]).toEqual([0, 1]);
  expect(() => pixelsFromNumbers({ ...given([0, 0.5]), areBytes: true }, recipe)).toThrow(
    expect.objectContaining({
      code: "REQUEST_INVALID",
      message: "Expected whole numbers from 0 to 255; got 0.5 (image, number 1)",
    }),
  );
});
