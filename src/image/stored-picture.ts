/** What a picture file states of its picture. */
import type { Metadata } from "sharp";

export interface StoredPicture {
  /** Upright, in pixels. */
  readonly width: number;
  readonly height: number;
  /** How the file stores it. */
  readonly mode: "rgb" | "grey" | "cmyk" | "other";
  /** Bits per channel. */
  readonly bits: 8 | 16 | 32;
  /** Frames of an animation, pages of a TIFF. */
  readonly frames: number;
  /** EXIF, 1 to 8; 1 is upright. */
  readonly orientation: number;
}

const modes: Readonly<Record<string, StoredPicture["mode"]>> = {
  srgb: "rgb",
  rgb: "rgb",
  rgb16: "rgb",
  scrgb: "rgb",
  "b-w": "grey",
  grey16: "grey",
  cmyk: "cmyk",
};

const bitsOfDepth: Readonly<Record<string, StoredPicture["bits"]>> = { uchar: 8, char: 8, ushort: 16, short: 16 };

/** libvips' words as ours. */
export function storedPictureOf({ autoOrient, space, depth, orientation = 1, pages = 1 }: Metadata): StoredPicture {
  const { width, height } = autoOrient;
  return { width, height, mode: modes[space] ?? "other", bits: bitsOfDepth[depth] ?? 32, frames: pages, orientation };
}
