/** Small PNGs of pictures as a model saw them: after its recipe. */
import sharp from "sharp";
import { forEachInParallel } from "../../image/in-parallel.ts";
import type { Recipe } from "../../image/recipe.ts";

/**
 * PNG bytes by id of pictures of a recipe's size, uint8 `[H,W,C]`; the longer side `sidePx` at
 * most.
 */
export async function makePictureThumbnails(
  pictures: ReadonlyMap<string, Uint8Array>,
  { width, height, channels }: Pick<Recipe, "width" | "height" | "channels">,
  { sidePx = 112, signal }: { readonly sidePx?: number; readonly signal?: AbortSignal } = {},
): Promise<ReadonlyMap<string, Uint8Array>> {
  const thumbnails = new Map<string, Uint8Array>();
  await forEachInParallel(
    pictures,
    async ([id, pixels]) => {
      const png = await sharp(pixels, { raw: { width, height, channels } })
        .resize({ width: sidePx, height: sidePx, fit: "inside", withoutEnlargement: true })
        .png({ compressionLevel: 9 })
        .toBuffer();
      thumbnails.set(id, new Uint8Array(png));
    },
    { signal },
  );
  return thumbnails;
}
