/** Decodes one picture in full, and says what its file states of it. */
import sharp, { type Metadata, type Sharp } from "sharp";
import { AppError } from "../../../base/errors.ts";
import { decodingFailure, openPicture, type PixelImage } from "../../../image/decode.ts";
import { sniffFormat } from "../../../image/format.ts";
import type { DecodedFacts } from "../findings/findings.ts";

/**
 * Larger pictures are resized to 64 x 64 before they are measured, which is enough for means.
 * Smaller ones are measured as they are, which is faster (1.4 ms instead of 2.3 ms for 128 x 128);
 * the fingerprints of both ways differ by 4 of 128 bits at most.
 */
const [squashedSidePx, unsquashedPixels] = [64, 128 * 128];

/** What is known of a picture once it was decoded. */
export interface Look {
  readonly decoded: Omit<DecodedFacts, "brightness" | "contrast" | "colourfulness" | "meanColour">;
  readonly image: PixelImage;
  readonly complaint?: string;
}

/**
 * JPEGs are decoded strictly first and, if that fails, once more with the usual rule: libjpeg
 * repairs much damage and only warns of it. Other decoders warn of harmless oddities (colour
 * profiles) and refuse real damage.
 */
export async function lookAtFile(bytes: Uint8Array, where: string): Promise<Look> {
  if (sniffFormat(bytes) !== "jpeg") return lookThrough(openPicture(bytes, where), bytes, where);
  try {
    return await lookThrough(openPicture(bytes, where, "warning"), bytes, where);
  } catch (error) {
    const look = await lookThrough(openPicture(bytes, where), bytes, where);
    if (!(error instanceof AppError)) throw error;
    return { ...look, complaint: error.received ?? error.required };
  }
}

async function lookThrough(picture: Sharp, bytes: Uint8Array, where: string): Promise<Look> {
  try {
    const metadata = await picture.metadata();
    const { width, height } = metadata.autoOrient;
    const { image, hasTransparency } = await takeLook(picture, width * height);
    const format = sniffFormat(bytes)!; // openPicture refuses what has no format
    const { orientation = 1, pages = 1 } = metadata;
    return {
      decoded: { format, width, height, orientation, frames: pages, hasAlpha: hasTransparency, ...storageOf(metadata) },
      image,
    };
  } catch (error) {
    throw decodingFailure(bytes, where, error);
  }
}

/** Pixels that came without a file: 8-bit, opaque, upright. */
export async function lookAtPixels(source: PixelImage): Promise<Look> {
  const { width, height, channels } = source;
  const image = width * height <= unsquashedPixels ? source : await squash(source);
  const mode = channels === 1 ? "grey" : "rgb";
  return {
    decoded: { format: "pixels", width, height, mode, bits: 8, hasAlpha: false, frames: 1, orientation: 1 },
    image,
  };
}

async function squash({ width, height, channels, pixels }: PixelImage): Promise<PixelImage> {
  return (await takeLook(sharp(pixels, { raw: { width, height, channels } }), width * height)).image;
}

/**
 * The whole picture, upright, on white, squashed where it is large; and whether any of it is
 * transparent.
 */
async function takeLook(picture: Sharp, pixels: number): Promise<{ image: PixelImage; hasTransparency: boolean }> {
  const side = squashedSidePx;
  const upright = picture.autoOrient();
  const small =
    pixels <= unsquashedPixels ? upright : upright.resize({ width: side, height: side, fit: "fill", kernel: "cubic" });
  const { data, info } = await small.toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 3) return { image: { width, height, channels, pixels: data }, hasTransparency: false };
  if (channels !== 4) throw new Error(`libvips gave ${channels} channels instead of 3 or 4`);
  return { image: { width, height, channels: 3, pixels: onWhite(data) }, hasTransparency: isTransparent(data) };
}

function onWhite(rgba: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = rgba[from + 3]! / 255;
    for (let channel = 0; channel < 3; channel++) {
      pixels[to + channel] = Math.round(rgba[from + channel]! * alpha + 255 * (1 - alpha));
    }
  }
  return pixels;
}

function isTransparent(rgba: Uint8Array): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at]! < 255) return true;
  return false;
}

const modes: Readonly<Record<string, DecodedFacts["mode"]>> = {
  srgb: "rgb",
  rgb: "rgb",
  rgb16: "rgb",
  scrgb: "rgb",
  "b-w": "grey",
  grey16: "grey",
  cmyk: "cmyk",
};

const bitsOfDepth: Readonly<Record<string, DecodedFacts["bits"]>> = { uchar: 8, char: 8, ushort: 16, short: 16 };

/** How the file stores its pixels, in libvips' words and in ours. */
function storageOf({ space, depth }: Metadata): Pick<DecodedFacts, "mode" | "bits"> {
  return { mode: modes[space] ?? "other", bits: bitsOfDepth[depth] ?? 32 };
}
