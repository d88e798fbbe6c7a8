import { describe, expect, it } from "vitest";
import type { Recipe } from "../../image/recipe.ts";
import { requirePictureShape } from "./picture-shape.ts";

const recipeOf = (height: number, width: number, channels: 1 | 3): Recipe => ({
  height,
  width,
  channels,
  fit: "cover",
  kernel: "linear",
});
const colour = recipeOf(16, 24, 3);
const grey = recipeOf(28, 28, 1);

describe("an array is a picture", () => {
  it.each([
    [colour, [16, 24, 3]],
    [colour, [384, 3]],
    [colour, [1152]],
    [grey, [28, 28, 1]],
    [grey, [28, 28]],
    [grey, [784, 1]],
    [grey, [784]],
  ])("of %j in the shape %j, and as the one item of a list", (recipe, shape) => {
    expect(() => requirePictureShape(shape, recipe, "image")).not.toThrow();
    expect(() => requirePictureShape([1, ...shape], recipe, "image")).not.toThrow();
    expect(() => requirePictureShape([1, 1, ...shape], recipe, "image")).toThrow();
    expect(() => requirePictureShape([2, ...shape], recipe, "image")).toThrow();
  });

  it("where it fits a wanted shape and another order as well: channels are last", () => {
    expect(() => requirePictureShape([3, 3, 3], recipeOf(3, 3, 3), "image")).not.toThrow();
  });
});

describe("an array is no picture", () => {
  const channelsFirst = "channels come last: transpose [C,H,W] to [H,W,C]";
  const asFile = "a picture file of any size can be sent as it is: image/jpeg, multipart/form-data, or base64";
  it.each([
    ["with channels first", colour, [3, 16, 24], channelsFirst],
    ["with channels first, in a list", colour, [1, 3, 16, 24], channelsFirst],
    ["with channels first, pixels in one row", colour, [3, 384], channelsFirst],
    ["with channels first and of another size", colour, [3, 224, 224], channelsFirst],
    ["with columns before rows", colour, [24, 16, 3], asFile],
    ["with channels in the middle", colour, [16, 3, 24], asFile],
    ["with the channels of a row in one list", colour, [16, 72], asFile],
    ["with one list for each number", colour, [1152, 1], asFile],
    ["without its channels", colour, [16, 24], asFile],
    ["of several pictures", colour, [2, 16, 24, 3], asFile],
    ["with rows in a column", grey, [28, 1, 28], asFile],
    ["of half its rows", grey, [14, 56], asFile],
    ["of too few numbers", grey, [783], asFile],
    ["of one number in four lists", grey, [1, 1, 1, 1], asFile],
  ])("%s", (_, recipe, shape, hint) => {
    const wanted = recipe === grey ? "[28,28,1], [28,28], [784,1] or [784]" : "[16,24,3], [384,3] or [1152]";
    expect(() => requirePictureShape(shape, recipe, "images[2]")).toThrow(
      expect.objectContaining({
        code: "REQUEST_INVALID",
        message: `Expected an array of the shape ${wanted}, alone or in a list of one; got the shape [${shape}] (images[2])`,
        hint,
      }),
    );
  });
});
