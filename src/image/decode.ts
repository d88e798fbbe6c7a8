/**
 * Turns the bytes of a picture file into upright 8-bit pixels, within limits that hold before
 * anything is decoded.
 */
import { readFile, stat } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { AppError } from "../base/errors.ts";
import { readFailure } from "../base/files/file-failure.ts";
import { formatBytes } from "../base/quantity.ts";
import { type DeclaredSize, declaredSize, sniffFormat } from "./format.ts";

// Pictures are decoded beside each other, one libvips thread each: for small pictures that is the
// fastest use of the cores. Its operation cache would only keep memory, since no picture is decoded
// twice.
sharp.concurrency(1);
sharp.cache(false);

/** What a picture may be at most. */
export const pictureLimits = { pixels: 100_000_000, sizeBytes: 256 * 2 ** 20 } as const;

/**
 * 8-bit pixels, row by row, the channels of a pixel side by side: `[height, width, channels]`; RGB
 * or grey.
 */
export interface PixelImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

export interface DecodeOptions {
  readonly channels: 1 | 3;
  /** Shows where the picture is transparent. */
  readonly background: Colour;
  /** The picture's name in errors. */
  readonly where: string;
  /** 100 million unless given. */
  readonly maximumPixels?: number;
}

/**
 * Decodes a JPEG, PNG, GIF (its first frame), WebP, TIFF or AVIF: turned upright by its EXIF
 * orientation, flattened onto `background`, CMYK, 16-bit, palette and wide-gamut pictures brought
 * to 8-bit sRGB or grey.
 * Errors: IMAGE_UNREADABLE for what is no picture, damaged or cut off; IMAGE_SIZE for 0 or more
 * than 100 megapixels.
 */
export async function decodePicture(bytes: Uint8Array, options: DecodeOptions): Promise<PixelImage> {
  return decodeThrough(bytes, options, (picture) => picture);
}

/**
 * `decodePicture` with further steps (a resize) before the pixels are taken out: one pass through
 * libvips.
 */
export async function decodeThrough(
  bytes: Uint8Array,
  { channels, background, where, maximumPixels }: DecodeOptions,
  steps: (picture: Sharp) => Sharp,
): Promise<PixelImage> {
  const picture = openPicture(bytes, where, "error", maximumPixels)
    .autoOrient()
    .flatten({ background: rgb(background) });
  try {
    return await takePixels(steps(picture), channels);
  } catch (error) {
    throw decodingFailure(bytes, where, error, maximumPixels);
  }
}

/**
 * The start of a libvips pipeline, within the limits; nothing is decoded yet. `failOn` says how
 * small a fault ends it: "error" refuses files that end early or are damaged; "warning" also
 * refuses oddities that cameras write, many of them harmless.
 * Errors: IMAGE_UNREADABLE for what is no picture; IMAGE_SIZE above 256 MiB. What the pipeline
 * throws later is for `decodingFailure`.
 */
export function openPicture(
  bytes: Uint8Array,
  where: string,
  failOn: "error" | "warning" = "error",
  maximumPixels: number = pictureLimits.pixels,
): Sharp {
  if (sniffFormat(bytes) === undefined) throw notAPicture(bytes, where);
  if (bytes.byteLength > pictureLimits.sizeBytes) throw tooManyBytes(bytes.byteLength, where);
  return sharp(bytes, { failOn, limitInputPixels: maximumPixels });
}

/** The pixels at the end of a libvips pipeline, as sRGB or grey. */
export async function takePixels(picture: Sharp, channels: 1 | 3): Promise<PixelImage> {
  const { data, info } = await picture
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== channels) throw new Error(`libvips gave ${info.channels} channels instead of ${channels}`);
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { width: info.width, height: info.height, channels, pixels };
}

/** sharp's form of a colour. */
export function rgb([r, g, b]: Colour): { r: number; g: number; b: number } {
  return { r, g, b };
}

/**
 * The bytes of a picture file, its size looked at first.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED; IMAGE_SIZE above 256 MiB.
 */
export async function readPictureFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > pictureLimits.sizeBytes) throw tooManyBytes(size, path);
    return await readFile(path);
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(path, error);
  }
}

/** IMAGE_SIZE for a file (or archive entry) above the limit in bytes. */
export function tooManyBytes(sizeBytes: number, where: string): AppError {
  return new AppError("IMAGE_SIZE", {
    required: `a picture file of at most ${formatBytes(pictureLimits.sizeBytes)}`,
    received: formatBytes(sizeBytes),
    where,
  });
}

/**
 * Why libvips refused, as an error: IMAGE_SIZE where the header states a size out of bounds, else
 * IMAGE_UNREADABLE with what libvips says.
 */
export function decodingFailure(
  bytes: Uint8Array,
  where: string,
  cause: unknown,
  maximumPixels: number = pictureLimits.pixels,
): AppError {
  const size = declaredSize(bytes);
  const message = cause instanceof Error ? cause.message : String(cause);
  if ((size !== undefined && !isDecodable(size)) || /exceeds pixel limit/.test(message)) {
    return new AppError("IMAGE_SIZE", {
      required: `a picture of 1 to ${maximumPixels / 1e6} million pixels`,
      received: size === undefined ? "more" : `${size.width} x ${size.height} pixels`,
      where,
      hint: "make it smaller with any picture editor",
      cause,
    });
  }
  return new AppError("IMAGE_UNREADABLE", {
    required: "a picture that is whole",
    received: message.split("\n")[0]!.replace(/^Input buffer has corrupt header: ?$/, "a damaged header"),
    where,
    cause,
  });
}

function isDecodable({ width, height }: DeclaredSize): boolean {
  return width * height > 0 && width * height <= pictureLimits.pixels;
}

function notAPicture(bytes: Uint8Array, where: string): AppError {
  const start = Buffer.from(bytes.subarray(0, 12));
  const printable = /^[\x20-\x7e\s]+$/.test(start.toString("latin1"));
  const shown = printable ? JSON.stringify(start.toString("latin1")) : start.toString("hex");
  return new AppError("IMAGE_UNREADABLE", {
    required: "a JPEG, PNG, GIF, WebP, TIFF or AVIF file",
    received: bytes.byteLength === 0 ? "an empty file" : `a file that begins with ${shown}`,
    where,
  });
}
