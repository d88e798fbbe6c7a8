/** Pictures made different on purpose, as JPEG files of the same size in pixels. */
import sharp, { type Sharp } from "sharp";

/** Of the files that are made; 4:2:0, as the photographs have it. */
const quality = 90;

/** Each from a decoded picture of `side` pixels. */
export const shifts = {
  "encoded again": (picture) => picture,
  blurred: (picture) => picture.blur(2),
  darkened: (picture) => picture.linear(0.7, 0),
  "colour-shifted": (picture) => picture.linear([1, 1, 1], [20, 0, 0]),
} as const satisfies Readonly<Record<string, (picture: Sharp) => Sharp>>;

export async function shifted(bytes: Uint8Array, shift: keyof typeof shifts): Promise<Uint8Array> {
  return shifts[shift](sharp(bytes).toColourspace("srgb")).jpeg({ quality }).toBuffer();
}

/** Down to a quarter of its width and height, and up again. */
export async function upscaled(bytes: Uint8Array): Promise<Uint8Array> {
  const { width, height } = await sharp(bytes).metadata();
  const size = { fit: "fill" } as const;
  const small = await sharp(bytes)
    .resize({ ...size, width: Math.ceil(width / 4), height: Math.ceil(height / 4) })
    .png()
    .toBuffer();
  return sharp(small)
    .resize({ ...size, width, height })
    .jpeg({ quality })
    .toBuffer();
}

/** Squashed to a square of `side` pixels. */
export async function squashed(bytes: Uint8Array, side: number): Promise<Uint8Array> {
  return sharp(bytes).resize({ width: side, height: side, fit: "fill" }).jpeg({ quality }).toBuffer();
}
