import { expect, it } from "vitest";
import { applyRecipe } from "../../image/apply-recipe.ts";
import { drawSamplePicture } from "../../image/sample-pictures.ts";
import { canTakeSamePixels, preparePicture } from "./prepare-picture.ts";

const recipe = { width: 2, height: 1, channels: 1, fit: "stretch", kernel: "linear" } as const;
const given = (...values: number[]) =>
  ({ kind: "pixels", pixels: Uint8Array.from(values), shape: [values.length], where: "image" }) as const;

it("sends files through the recipe, and pixels as they are", async () => {
  const bytes = await drawSamplePicture({ label: "cat", seed: 1, sizePx: 32 });
  const expected = await applyRecipe(bytes, recipe);
  expect(await preparePicture({ kind: "file", bytes, where: "x" }, recipe)).toEqual(expected);
  const picture = given(3, 4);
  expect(await preparePicture(picture, recipe)).toBe(picture.pixels);
});

it.each([
  [[1], "an array of the shape [1,2,1], [1,2], [2,1] or [2], alone or in a list of one; got the shape [1]"],
  [[1, 2, 3], "got the shape [3]"],
])("refuses %j", async (values, text) => {
  await expect(preparePicture(given(...values), recipe)).rejects.toThrow(text);
});

it("knows recipes that give the same pixels", () => {
  expect(canTakeSamePixels(recipe, { ...recipe })).toBe(true);
  expect(canTakeSamePixels(recipe, { ...recipe, kernel: "lanczos3" })).toBe(false);
});
