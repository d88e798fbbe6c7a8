/** Any picture becomes the input of a model, by its recipe: the same code in packing, training and serving. */
import type { Sharp } from "sharp";
import sharp from "sharp";
import { AppError } from "../base/errors.ts";
import { type Colour, decodeThrough, type PixelImage, pictureLimits, rgb, takePixels } from "./decode.ts";
import type { Recipe } from "./recipe.ts";

const white: Colour = [255, 255, 255];

/**
 * The pixels of a picture file under a recipe, uint8 `[height, width, channels]`: upright,
 * flattened, in sRGB or grey, resized. Packing and prediction both call this, so the same file
 * gives the same bytes in both.
 * Errors: IMAGE_UNREADABLE, IMAGE_SIZE; `where` is the picture's name in them.
 */
export async function applyRecipe(
  bytes: Uint8Array,
  recipe: Recipe,
  where = "picture",
  maximumPixels?: number,
): Promise<Uint8Array> {
  const options = { channels: recipe.channels, background: recipe.background ?? white, where, maximumPixels };
  const { pixels } = await decodeThrough(bytes, options, (picture) => resize(picture, recipe));
  return pixels;
}

/**
 * True where pixels have the recipe's size and channels already, so that it would change nothing.
 */
function fitsRecipe(image: PixelImage, recipe: Recipe): boolean {
  return image.width === recipe.width && image.height === recipe.height && image.channels === recipe.channels;
}

/**
 * The recipe on pixels that need no decoding (digits in idx files). Pixels that fit come back
 * themselves, not copied.
 * Errors: IMAGE_SIZE for 0 or more than 100 megapixels.
 */
export async function applyRecipeToPixels(image: PixelImage, recipe: Recipe, where = "picture"): Promise<Uint8Array> {
  if (fitsRecipe(image, recipe)) return image.pixels;
  const { width, height, channels, pixels } = image;
  if (width * height < 1 || width * height > pictureLimits.pixels) {
    throw new AppError("IMAGE_SIZE", {
      required: `a picture of 1 to ${pictureLimits.pixels / 1e6} million pixels`,
      received: `${width} x ${height} pixels`,
      where,
    });
  }
  const picture = sharp(pixels, { raw: { width, height, channels } });
  return (await takePixels(resize(picture, recipe), recipe.channels)).pixels;
}

function resize(picture: Sharp, { width, height, fit, kernel, background }: Recipe): Sharp {
  const sharpFit = fit === "stretch" ? "fill" : fit;
  return picture.resize({ width, height, fit: sharpFit, kernel, background: rgb(background ?? white) });
}
