/**
 * Says what is wrong with a picture file that its decoder refused, from the file's bytes alone.
 * The decoder's own words are not used: libvips keeps one buffer of them for all pictures that are
 * decoded at the same time, so that they may be another picture's.
 */
import { crc32 } from "node:zlib";
import { formatBytes } from "../base/quantity.ts";
import { endsEarly } from "./ends-early.ts";
import { formatNames, jpegFrameOf, lookedAtParts, type PictureFormat } from "./format.ts";
import { readTiffDirectory, tiffTag } from "./tiff-directory.ts";

export interface Damage {
  /** unsupported: the file may be whole, but is of a kind that is not read. */
  readonly kind: "truncated" | "damaged" | "unsupported";
  /** A noun phrase: "a PNG with a wrong checksum in its IDAT chunk at byte 41". */
  readonly what: string;
}

/** `stage` is where the decoder gave up: before the first pixel, or later. */
export function damageOf(bytes: Uint8Array, format: PictureFormat, stage: "header" | "pixels"): Damage {
  const name = formatNames[format];
  if (endsEarly(bytes, format)) {
    const what = `${article(name)} ${name} of ${formatBytes(bytes.byteLength)} that ends before the picture does`;
    return { kind: "truncated", what };
  }
  const unsupported = format === "jpeg" ? jpegProblem(bytes) : format === "tiff" ? tiffProblem(bytes) : undefined;
  if (unsupported !== undefined) return { kind: "unsupported", what: unsupported };
  const place = format === "png" ? pngDamage(bytes) : undefined;
  const where = place ?? (stage === "header" ? "a damaged header" : "damage in its pixels");
  return { kind: "damaged", what: `${article(name)} ${name} with ${where}` };
}

function article(name: string): string {
  return name.startsWith("A") ? "an" : "a";
}

/** ITU-T T.81, table B.1: the frame headers that common decoders do not read. */
function jpegProblem(bytes: Uint8Array): string | undefined {
  const frame = jpegFrameOf(bytes);
  if (frame === undefined) return undefined;
  if (frame.bits !== 8) return `a JPEG of ${frame.bits} bits a channel`;
  if ([0xc3, 0xc7, 0xcb, 0xcf].includes(frame.marker)) return "a lossless JPEG";
  if ([0xc5, 0xc6, 0xcd, 0xce].includes(frame.marker)) return "a hierarchical JPEG";
  return frame.marker >= 0xc9 ? "a JPEG in arithmetic coding" : undefined;
}

/** PNG specification, 5.3: every chunk ends with the CRC-32 of its type and data. */
function pngDamage(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 8;
  for (let part = 0; part < lookedAtParts && at + 12 <= bytes.byteLength; part++) {
    const length = view.getUint32(at);
    const type = Buffer.from(bytes.subarray(at + 4, at + 8)).toString("latin1");
    const end = at + 8 + length;
    if (!/^[A-Za-z]{4}$/.test(type) || end + 4 > bytes.byteLength) return `a damaged chunk at byte ${at}`;
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) {
      return `a wrong checksum in its ${type} chunk at byte ${at}`;
    }
    if (type === "IEND") return undefined;
    at = end + 4;
  }
  return undefined;
}

/** Compression and PhotometricInterpretation of TIFF 6.0 and its extensions, of those refused. */
const tiffCompressions: Readonly<Record<number, string>> = {
  6: "the JPEG coding of TIFF 6.0",
  9: "JBIG coding",
  10: "JBIG coding",
  33003: "JPEG 2000 coding",
  33004: "JPEG 2000 coding",
  33005: "JPEG 2000 coding",
  34712: "JPEG 2000 coding",
  34887: "LERC coding",
  34925: "LZMA coding",
  50000: "Zstandard coding",
  50001: "WebP coding",
  50002: "JPEG XL coding",
  52546: "JPEG XL coding",
};
const tiffColours: Readonly<Record<number, string>> = {
  4: "a transparency mask in place of a picture",
  8: "colours in CIELab",
  9: "colours in ICCLab",
  10: "colours in ITULab",
  32844: "colours in LogL",
  32845: "colours in LogLuv",
};

function tiffProblem(bytes: Uint8Array): string | undefined {
  const directory = readTiffDirectory(bytes);
  if (directory === undefined) return undefined;
  const compression = directory.number(tiffTag.compression) ?? 1;
  const coding = tiffCompressions[compression];
  if (coding !== undefined) return `a TIFF in ${coding}`;
  const bits = directory.number(tiffTag.bitsPerSample) ?? 1;
  if (![1, 2, 4, 8, 16, 32].includes(bits)) return `a TIFF of ${bits} bits a channel`;
  const colours = tiffColours[directory.number(tiffTag.photometric) ?? -1];
  return colours && `a TIFF with ${colours}`;
}
