/** Small pictures as a model saw them: after its recipe. */
import sharp from "sharp";
import { forEachInParallel } from "../../image/in-parallel.ts";
import type { Recipe } from "../../image/recipe.ts";

/** Up to this size pages show each pixel, which JPEG would blur. */
const exactSidePx = 64;

/**
 * PNG bytes (JPEG for larger pictures) by id of pictures of a recipe's size, uint8 `[H,W,C]`; the
 * longer side `sidePx` at most.
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
      const small = sharp(pixels, { raw: { width, height, channels } }).resize({
        width: sidePx,
        height: sidePx,
        fit: "inside",
        withoutEnlargement: true,
      });
      const isExact = Math.max(width, height) <= exactSidePx;
      const file = isExact ? small.png({ compressionLevel: 9 }) : small.jpeg({ quality: 85 });
      thumbnails.set(id, new Uint8Array(await file.toBuffer()));
    },
    { signal },
  );
  return thumbnails;
}
