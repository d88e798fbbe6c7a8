/** Small pictures of predictions whose pictures were kept. */
import sharp from "sharp";
import { forEachInParallel } from "../../image/in-parallel.ts";
import type { KeptPictures } from "../../prediction-log/kept-pictures.ts";
import type { UnusualPrediction } from "../unusual-predictions.ts";
import { pictureKey } from "./unusual-section.ts";

const sidePx = 112;
/** Each listens to the signal. */
const readAtOnce = 8;
/** A bomb is refused: files are those of callers. */
const limitInputPixels = 50_000_000;

/** JPEG bytes by `pictureKey`; pictures that were not kept, or cannot be read, are left out. Closes the pictures. */
export async function keptThumbnails(
  predictions: readonly UnusualPrediction[],
  pictures: KeptPictures,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const thumbnails = new Map<string, Uint8Array>();
  try {
    await forEachInParallel(
      predictions,
      async (prediction) => {
        const bytes = await pictures.read(prediction, signal && { signal });
        if (bytes === undefined) return;
        const small = sharp(bytes, { limitInputPixels, failOn: "error" }).rotate();
        const file = await small
          .resize({ width: sidePx, height: sidePx, fit: "inside", withoutEnlargement: true })
          .jpeg({ quality: 85 })
          .toBuffer()
          .catch(() => undefined);
        if (file) thumbnails.set(pictureKey(prediction), new Uint8Array(file));
      },
      { signal, concurrency: readAtOnce },
    );
  } finally {
    await pictures.close();
  }
  return thumbnails;
}
