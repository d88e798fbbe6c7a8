/**
 * Small picture files that are expensive to decode: flat pictures of many pixels, in every format
 * and in the arrangements that a decoder must hold as a whole.
 */
import sharp, { type Sharp } from "sharp";

/** The name says the format, and what makes it expensive. */
export type ExpensiveKind = keyof typeof kinds;

interface Size {
  readonly width: number;
  readonly height: number;
}

const flat = (size: Size, channels: 3 | 4 = 3): Sharp =>
  sharp({ create: { ...size, channels, background: { r: 40, g: 90, b: 160, alpha: 0.5 } }, limitInputPixels: false });

const kinds = {
  "jpeg baseline": (size: Size) => flat(size).jpeg().toBuffer(),
  "jpeg turned": (size: Size) => flat(size).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  "jpeg progressive": (size: Size) => flat(size).jpeg({ progressive: true }).toBuffer(),
  png: (size: Size) => flat(size).png().toBuffer(),
  "png interlaced": (size: Size) => flat(size).png({ progressive: true }).toBuffer(),
  "png interlaced, 16 bits": (size: Size) => flat(size, 4).toColourspace("rgb16").png({ progressive: true }).toBuffer(),
  webp: (size: Size) => flat(size).webp({ effort: 0 }).toBuffer(),
  "webp lossless": (size: Size) => flat(size).webp({ lossless: true, effort: 0 }).toBuffer(),
  gif: (size: Size) => flat(size).gif({ effort: 1 }).toBuffer(),
  avif: (size: Size) => flat(size).avif({ effort: 0 }).toBuffer(),
  "tiff strips": (size: Size) => flat(size).tiff({ compression: "deflate" }).toBuffer(),
  "tiff tiles": (size: Size) =>
    flat(size).tiff({ compression: "deflate", tile: true, tileWidth: 4096, tileHeight: 4096 }).toBuffer(),
  "tiff of bits": (size: Size) =>
    flat(size).toColourspace("b-w").tiff({ compression: "ccittfax4", bitdepth: 1 }).toBuffer(),
  "tiff of jpegs": (size: Size) => flat(size).tiff({ compression: "jpeg" }).toBuffer(),
} satisfies Record<string, (size: Size) => Promise<Buffer>>;

export const expensiveKinds = Object.keys(kinds) as readonly ExpensiveKind[]; // the keys of a table of this file

/** A flat picture of one colour, which every format stores in a few kilobytes or fewer. */
export function expensivePicture(kind: ExpensiveKind, size: Size): Promise<Buffer> {
  return kinds[kind](size);
}
