/** A request's picture as the pixels that a model takes, by the recipe of its training. */
import { applyRecipe } from "../../image/apply-recipe.ts";
import type { Recipe } from "../../image/recipe.ts";
import type { PictureInput } from "./picture-input.ts";
import { requirePictureShape } from "./picture-shape.ts";

/**
 * uint8 `[H,W,C]`. A file may have up to `maximumPixels`, 100 million unless given. Errors:
 * IMAGE_UNREADABLE, IMAGE_SIZE, REQUEST_INVALID.
 */
export async function preparePicture(input: PictureInput, recipe: Recipe, maximumPixels?: number): Promise<Uint8Array> {
  if (input.kind === "file") return applyRecipe(input.bytes, recipe, input.where, maximumPixels);
  requirePictureShape(input.shape, recipe, input.where);
  return input.pixels;
}

/** True where two recipes give the same pixels. */
export function canTakeSamePixels(a: Recipe, b: Recipe): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
