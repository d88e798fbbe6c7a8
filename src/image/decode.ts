/**
 * Turns the bytes of a picture file into upright 8-bit pixels, within limits that hold before
 * anything is decoded.
 */
import sharp, { type Sharp } from "sharp";
import { AppError } from "../base/errors.ts";
import { readFailure } from "../base/files/file-failure.ts";
import { openRegularFile, readUpTo } from "../base/files/regular-file.ts";
import { memoryLimit } from "../base/machine/memory-limit.ts";
import { formatBytes } from "../base/quantity.ts";
import { type BmpPixels, bmpProblem, decodeBmp } from "./bmp.ts";
import { bmpEndsEarly, readBmpHeader } from "./bmp-header.ts";
import { createByteSemaphore } from "./byte-semaphore.ts";
import { decodeCostOf, lightBytes } from "./decode-cost.ts";
import { type DeclaredSize, type PictureFormat, sniffFormat } from "./format.ts";
import { oneByOne } from "./in-turns.ts";
import { decodingFailure, notAPicture, unsupportedPicture, wrongSize } from "./picture-error.ts";
import { type StoredPicture, storedPictureOf } from "./stored-picture.ts";
import { levelsOf, rangeOf, tiffSamplesOf } from "./tiff-samples.ts";

// Pictures are decoded beside each other, one libvips thread each: for small pictures that is the
// fastest use of the cores. Its operation cache would only keep memory, since no picture is decoded
// twice.
sharp.concurrency(1);
sharp.cache(false);

/** What a picture may be at most. */
export const pictureLimits = { pixels: 100_000_000, sizeBytes: 256 * 2 ** 20 } as const;

/**
 * For all pictures of the process that take much memory to decode: half a gigabyte, or a quarter of
 * what the process may use. The others are too small to wait for each other: each task of the
 * process decodes a bounded number at once.
 */
const decoderMemory = createByteSemaphore(Math.min(2 ** 29, memoryLimit() / 4));

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
  readonly maximumPixels?: number | undefined;
}

/**
 * Decodes a JPEG, PNG, GIF (its first frame), WebP, TIFF, AVIF or BMP: turned upright by its EXIF
 * orientation, flattened onto `background`, CMYK, 16-bit, palette and wide-gamut pictures brought
 * to 8-bit sRGB or grey.
 * Errors: as `withPicture`.
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
  { channels, background, ...options }: DecodeOptions,
  steps: (picture: Sharp) => Sharp,
): Promise<PixelImage> {
  return withPicture(bytes, options, ({ picture }) =>
    takePixels(steps(picture.autoOrient().flatten({ background: rgb(background) })), channels),
  );
}

/** A picture file on its way through libvips. */
export interface OpenPicture {
  readonly format: PictureFormat;
  /** The start of a pipeline; nothing is decoded yet. */
  readonly picture: Sharp;
  /** What the file states of itself. */
  stored(): Promise<StoredPicture>;
}

export interface OpenOptions extends Pick<DecodeOptions, "where" | "maximumPixels"> {
  /**
   * How small a fault ends it: "error" (the default) refuses files that end early or are damaged;
   * "warning" also refuses oddities that cameras write, many of them harmless.
   */
  readonly failOn?: "error" | "warning";
}

/**
 * Every picture file goes through here: refused by its first bytes and its header, or handed to
 * `work`, whose failures become errors of this file. `work` must open no other picture: both would
 * wait for each other's memory.
 * Errors: IMAGE_UNREADABLE for what is no picture, of a kind that is not read, damaged or cut off;
 * IMAGE_SIZE for 0 or more than `maximumPixels`, and above 256 MiB.
 */
export async function withPicture<T>(
  bytes: Uint8Array,
  { where, failOn = "error", maximumPixels = pictureLimits.pixels }: OpenOptions,
  work: (picture: OpenPicture) => Promise<T>,
): Promise<T> {
  const format = sniffFormat(bytes);
  if (format === undefined) throw notAPicture(bytes, where);
  if (bytes.byteLength > pictureLimits.sizeBytes) throw tooManyBytes(bytes.byteLength, where);
  const limits = { where, maximumPixels };
  const { size, heldBytes } = decodeCostOf(bytes);
  if (size !== undefined) requirePixels(size, limits);
  const open = () => openPicture(bytes, format, { ...limits, failOn }, work);
  return heldBytes < lightBytes ? open() : decoderMemory.hold(heldBytes, open);
}

async function openPicture<T>(
  bytes: Uint8Array,
  format: PictureFormat,
  { failOn, ...limits }: Limits & Required<Pick<OpenOptions, "failOn">>,
  work: (picture: OpenPicture) => Promise<T>,
): Promise<T> {
  const { where, maximumPixels } = limits;
  try {
    if (format === "bmp") return await work(await oneByOne(() => openBmp(bytes, limits)));
    const samples = format === "tiff" ? tiffSamplesOf(bytes) : "usual";
    if (typeof samples === "object") throw unsupportedPicture(samples.problem, where);
    if (samples === "measured") return await work(await oneByOne(() => openMeasured(bytes, limits)));
    const picture = sharp(bytes, { failOn, limitInputPixels: maximumPixels });
    return await work({ format, picture, stored: async () => storedPictureOf(await picture.metadata()) });
  } catch (error) {
    throw error instanceof AppError ? error : decodingFailure(bytes, format, limits, error);
  }
}

interface Limits {
  readonly where: string;
  readonly maximumPixels: number;
}

function requirePixels({ width, height }: DeclaredSize, { where, maximumPixels }: Limits): void {
  if (width * height >= 1 && width * height <= maximumPixels) return;
  throw wrongSize(`${width} x ${height} pixels`, maximumPixels, where);
}

/**
 * What a picture may have that is unpacked on this thread, all of it at once: a small file can ask
 * for any size, and several are decoded at the same time.
 */
const unpackedPixels = 2 ** 24;

async function openBmp(bytes: Uint8Array, { where, maximumPixels }: Limits): Promise<OpenPicture> {
  const header = readBmpHeader(bytes);
  if (header === undefined) throw new Error("no whole header");
  const { width, height, coding } = header;
  const limit = coding === "plain" ? maximumPixels : Math.min(maximumPixels, unpackedPixels);
  if (width * height < 1 || width * height > limit) throw wrongSize(`${width} x ${height} pixels`, limit, where);
  const problem = bmpProblem(header);
  if (problem !== undefined) throw unsupportedPicture(problem, where, "save it as PNG");
  if (bmpEndsEarly(bytes)) throw new Error("cut off");
  const decoded = await decodeBmp(bytes);
  const mode = decoded.channels === 1 ? "grey" : "rgb";
  const stored: StoredPicture = { width, height, mode, bits: 8, frames: 1, orientation: 1 };
  return { format: "bmp", picture: fromPixels(decoded), stored: async () => stored };
}

/** A TIFF whose values must be looked at before it is known what black and white are. */
async function openMeasured(bytes: Uint8Array, { where, maximumPixels }: Limits): Promise<OpenPicture> {
  const limit = Math.min(maximumPixels, unpackedPixels);
  const file = sharp(bytes, { failOn: "error", limitInputPixels: limit });
  const metadata = await file.metadata();
  const { data, info } = await file
    .autoOrient()
    .toColourspace(metadata.space)
    .raw({ depth: "float" })
    .toBuffer({ resolveWithObject: true });
  const values = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  const range = await rangeOf(values);
  const pixels = await levelsOf(values, range);
  if (pixels === undefined) {
    const others = range.hasOthers ? ", and some that are infinite or no numbers" : "";
    const span =
      range.least > range.most ? "no finite value" : `values from ${short(range.least)} to ${short(range.most)}`;
    const hint = "scale all pictures of the set alike to 0 to 255, and save them with 8 bits a channel";
    throw unsupportedPicture(`a TIFF with ${span}${others} in place of 0 to 1 or 0 to 255`, where, hint);
  }
  const { width, height, channels } = info;
  if (channels === 2) throw unsupportedPicture("a TIFF of two channels", where);
  const picture = fromPixels({ width, height, channels, pixels });
  return { format: "tiff", picture, stored: async () => storedPictureOf(metadata) };
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function fromPixels({ width, height, channels, pixels }: BmpPixels): Sharp {
  return sharp(pixels, { raw: { width, height, channels } });
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
 * Errors: FILE_NOT_FOUND; FILE_READ_FAILED, also for what is no regular file; IMAGE_SIZE above 256
 * MiB.
 */
export async function readPictureFile(path: string): Promise<Uint8Array> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    if (size > pictureLimits.sizeBytes) throw tooManyBytes(size, path);
    return await readUpTo(file, size);
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(path, error);
  } finally {
    await file.close();
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
