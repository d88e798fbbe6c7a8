/** Pictures that cost more than they weigh. */
import sharp from "sharp";
import { createRandom } from "../../../src/base/random.ts";

export const bombFormats = ["avif", "png", "jpeg", "webp", "gif"] as const;
export type BombFormat = (typeof bombFormats)[number];

/**
 * A square picture of one colour, coded so that it must be decoded whole: interlaced PNG,
 * progressive JPEG, lossless WebP.
 */
export function flatPicture(format: BombFormat, megapixels: number): Promise<Buffer> {
  const side = Math.floor(Math.sqrt(megapixels * 1e6));
  const picture = sharp({ create: { width: side, height: side, channels: 3, background: "#456789" } });
  const coded = {
    avif: () => picture.avif({ effort: 0, quality: 50 }),
    png: () => picture.png({ progressive: true, compressionLevel: 9 }),
    jpeg: () => picture.jpeg({ progressive: true, quality: 1 }),
    webp: () => picture.webp({ lossless: true, effort: 0 }),
    gif: () => picture.gif({ effort: 1 }),
  };
  return coded[format]().toBuffer();
}

/** A PNG of noise, some 3 bytes for each of its pixels. */
export function noisePicture(side: number): Promise<Buffer> {
  const random = createRandom("noise");
  const words = new Uint32Array((side * side * 3) / 4);
  for (let at = 0; at < words.length; at++) words[at] = random.uint32();
  const pixels = new Uint8Array(words.buffer);
  return sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
}
