/** A request's picture as the pixels that a model takes, by the recipe of its training. */
import { AppError } from "../../base/errors.ts";
import { applyRecipe, type Recipe } from "../../image/recipe.ts";
import type { PictureInput, PictureNumbers } from "./picture-input.ts";
import { requirePictureShape } from "./picture-shape.ts";

/**
 * uint8 `[H,W,C]`. A file may have up to `maximumPixels`, 100 million unless given. Errors:
 * IMAGE_UNREADABLE, IMAGE_SIZE, REQUEST_INVALID.
 */
export async function preparePicture(input: PictureInput, recipe: Recipe, maximumPixels?: number): Promise<Uint8Array> {
  if (input.kind === "file") return applyRecipe(input.bytes, recipe, input.where, maximumPixels);
  if (input.kind === "numbers") return pixelsFromNumbers(input, recipe);
  requirePictureShape([input.pixels.length], recipe, input.where);
  return input.pixels;
}

/**
 * Numbers as bytes. Where all are from 0 to 1 they are scaled by 255, unless they are bytes already;
 * else all must be from 0 to 255.
 * Errors: REQUEST_INVALID for another shape, or a number that is neither.
 */
export function pixelsFromNumbers({ values, shape, areBytes, where }: PictureNumbers, recipe: Recipe): Uint8Array {
  requirePictureShape(shape, recipe, where);
  let largest = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    // Written so that NaN is refused too.
    if (!(value >= 0 && value <= 255)) throw outOfRange(value, `${where}, number ${index}`);
    if (areBytes && !Number.isInteger(value)) throw noByte(value, `${where}, number ${index}`);
    if (value > largest) largest = value;
  }
  const scale = largest <= 1 && !areBytes ? 255 : 1;
  const pixels = new Uint8Array(values.length);
  for (let index = 0; index < values.length; index++) pixels[index] = values[index]! * scale + 0.5;
  return pixels;
}

/** True where two recipes give the same pixels. */
export function canTakeSamePixels(a: Recipe, b: Recipe): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function outOfRange(value: number, where: string): AppError {
  return new AppError("REQUEST_INVALID", {
    required: "pixels from 0 to 1, or from 0 to 255",
    received: String(value),
    where,
    hint: "send pixels as they are, not normalised: the model does that itself",
  });
}

function noByte(value: number, where: string): AppError {
  return new AppError("REQUEST_INVALID", { required: "whole numbers from 0 to 255", received: String(value), where });
}
