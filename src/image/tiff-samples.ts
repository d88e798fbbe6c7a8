/**
 * TIFFs whose values are not whole numbers of 8 or 16 bits: floating-point, signed and 32-bit ones.
 * They state no range, so that black and white are where the values say.
 */
import { inTurns } from "./in-turns.ts";
import { readTiffDirectory, tiffTag } from "./tiff-directory.ts";

/** "usual" is for libvips; the others are brought to 8 bits by `levelsOf`. */
export type TiffSamples = "usual" | "measured" | { readonly problem: string };

/** SampleFormat (TIFF 6.0, section 19). */
const kinds = ["", "whole numbers", "signed whole numbers", "floating-point numbers", "values of no stated kind"];

/** By PhotometricInterpretation: grey (0, 1), palette, mask, CMYK; all others have three. */
const colourChannels: Readonly<Record<number, number>> = { 0: 1, 1: 1, 3: 1, 4: 1, 5: 4 };

/** What the values of a TIFF are, by its first directory. */
export function tiffSamplesOf(bytes: Uint8Array): TiffSamples {
  const directory = readTiffDirectory(bytes);
  if (directory === undefined) return "usual";
  const bits = directory.number(tiffTag.bitsPerSample) ?? 1;
  const format = directory.number(tiffTag.sampleFormat) ?? 1;
  const channels = directory.number(tiffTag.samplesPerPixel) ?? 1;
  const photometric = directory.number(tiffTag.photometric) ?? 1;
  const colours = colourChannels[photometric] ?? 3;
  if (channels > colours + 1) return { problem: `a TIFF of ${channels} channels for ${colours}` };
  // Their values would be taken as they are: inverted, or as red, green, blue and transparency.
  const isOdd = photometric === 0 || photometric === 5;
  if (isOdd && (format !== 1 || bits > 16)) {
    const kind = `${bits}-bit ${kinds[format] ?? "complex numbers"}`;
    return { problem: `a ${photometric === 0 ? "white-is-zero" : "CMYK"} TIFF of ${kind}` };
  }
  if (format === 1 || format === 4) {
    if (bits <= 16) return "usual";
    return bits === 32 ? "measured" : { problem: `a TIFF of ${bits}-bit ${kinds[format]}` };
  }
  if ((format === 2 && (bits === 8 || bits === 32)) || (format === 3 && bits === 32)) return "measured";
  return { problem: `a TIFF of ${bits}-bit ${kinds[format] ?? "complex numbers"}` };
}

/** What the values of a picture span; `hasOthers` where some are infinite or no numbers (NaN). */
export interface ValueRange {
  readonly least: number;
  readonly most: number;
  readonly hasOthers: boolean;
}

const valuesAtOnce = 2_000_000;

/** The range of the values, NaN and infinite ones left out. */
export async function rangeOf(values: Float32Array): Promise<ValueRange> {
  let [least, most, hasOthers] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false];
  await inTurns(values.length, valuesAtOnce, (start, end) => {
    for (let at = start; at < end; at++) {
      const value = values[at]!;
      if (!Number.isFinite(value)) hasOthers = true;
      else {
        if (value < least) least = value;
        if (value > most) most = value;
      }
    }
  });
  return { least, most, hasOthers };
}

/**
 * Values as 8-bit levels: from 0 to 1 they are scaled by 255, from 0 to 255 they are levels already.
 * Undefined for any other range: a picture of its own scale would have another contrast than the
 * next one.
 */
export async function levelsOf(values: Float32Array, range: ValueRange): Promise<Uint8Array | undefined> {
  const { least, most, hasOthers } = range;
  if (hasOthers || least < 0 || most > 255) return undefined;
  const scale = most <= 1 ? 255 : 1;
  const pixels = new Uint8Array(values.length);
  await inTurns(values.length, valuesAtOnce, (start, end) => {
    for (let at = start; at < end; at++) pixels[at] = values[at]! * scale + 0.5;
  });
  return pixels;
}
