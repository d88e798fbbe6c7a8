/** A request's picture as the pixels that a model takes, by the recipe of its training. */
import { AppError } from "../../base/errors.ts";
import { applyRecipe, type Recipe, recipeSizeBytes } from "../../image/recipe.ts";
import type { PictureInput } from "./picture-input.ts";

/**
 * uint8 `[H,W,C]`. A file may have up to `maximumPixels`, 100 million unless given. Errors:
 * IMAGE_UNREADABLE, IMAGE_SIZE, REQUEST_INVALID.
 */
export async function preparePicture(input: PictureInput, recipe: Recipe, maximumPixels?: number): Promise<Uint8Array> {
  if (input.kind === "file") return applyRecipe(input.bytes, recipe, input.where, maximumPixels);
  if (input.kind === "numbers") return pixelsFromNumbers(input.values, recipe, input.where);
  requireSize(input.pixels.length, recipe, input.where);
  return input.pixels;
}

/**
 * Numbers as bytes. Where all are from 0 to 1 they are scaled by 255; else all must be from 0 to 255.
 * Errors: REQUEST_INVALID for another count, or a number that is neither.
 */
export function pixelsFromNumbers(values: Float64Array, recipe: Recipe, where: string): Uint8Array {
  requireSize(values.length, recipe, where);
  let largest = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    // Written so that NaN is refused too.
    if (!(value >= 0 && value <= 255)) throw outOfRange(value, `${where}, number ${index}`);
    if (value > largest) largest = value;
  }
  const scale = largest <= 1 ? 255 : 1;
  const pixels = new Uint8Array(values.length);
  for (let index = 0; index < values.length; index++) pixels[index] = values[index]! * scale + 0.5;
  return pixels;
}

/** True where two recipes give the same pixels. */
export function canTakeSamePixels(a: Recipe, b: Recipe): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function requireSize(count: number, recipe: Recipe, where: string): void {
  const { height, width, channels } = recipe;
  if (count === recipeSizeBytes(recipe)) return;
  throw new AppError("REQUEST_INVALID", {
    required: `${recipeSizeBytes(recipe)} numbers: ${height} rows of ${width} pixels of ${channels} (row-major)`,
    received: `${count} numbers`,
    where,
    hint: "a picture file of any size can be sent as it is: image/jpeg, multipart/form-data, or base64",
  });
}

function outOfRange(value: number, where: string): AppError {
  return new AppError("REQUEST_INVALID", {
    required: "pixels from 0 to 1, or from 0 to 255",
    received: String(value),
    where,
    hint: "send pixels as they are, not normalised: the model does that itself",
  });
}
