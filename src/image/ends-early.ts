/**
 * Tells a picture file that was cut off from one that is damaged, by the frame that each format
 * puts around its content.
 */
import { bmpEndsEarly } from "./bmp-header.ts";
import { lookedAtParts, type PictureFormat } from "./format.ts";
import { readTiffDirectory, tiffTag } from "./tiff-directory.ts";

/**
 * True where the file is shorter than its own structure says: its end mark is missing, or a part
 * would reach beyond the end. Only the structure is walked, nothing is decoded. Meant for files
 * that a decoder has refused already; false for those of too many parts.
 */
export function endsEarly(bytes: Uint8Array, format: PictureFormat): boolean {
  return walks[format](Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

const walks: Readonly<Record<PictureFormat, (bytes: Buffer) => boolean>> = {
  jpeg: jpegEndsEarly,
  png: pngEndsEarly,
  gif: gifEndsEarly,
  webp: (bytes) => bytes.length < 12 || 8 + bytes.readUInt32LE(4) > bytes.length,
  tiff: tiffEndsEarly,
  avif: boxesEndEarly,
  bmp: bmpEndsEarly,
};

/**
 * ITU-T T.81, B.1.1: segments with their lengths up to the first scan, then data that ends with the
 * mark FF D9.
 */
function jpegEndsEarly(bytes: Buffer): boolean {
  let at = 2;
  for (let part = 0; at + 4 <= bytes.length; part++) {
    if (bytes[at] !== 0xff || part === lookedAtParts) return false;
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) return false;
    if (marker === 0xda) return bytes.indexOf("ffd9", at, "hex") === -1;
    const isBare = marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
    if (isBare) at += marker === 0xff ? 1 : 2;
    else at += 2 + bytes.readUInt16BE(at + 2);
  }
  return true;
}

/** PNG specification, 5.3: chunks of length, type, data and checksum, the last one IEND. */
function pngEndsEarly(bytes: Buffer): boolean {
  let at = 8;
  for (let part = 0; at + 12 <= bytes.length; part++) {
    if (bytes.toString("latin1", at + 4, at + 8) === "IEND" || part === lookedAtParts) return false;
    at += 12 + bytes.readUInt32BE(at);
  }
  return true;
}

/**
 * GIF89a specification: extensions (21) and frames (2C), each with blocks of up to 255 bytes, then
 * the trailer (3B).
 */
function gifEndsEarly(bytes: Buffer): boolean {
  const colourTableBytes = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1));
  let at = 13 + colourTableBytes(bytes[10] ?? 0);
  for (let part = 0; at < bytes.length; part++) {
    const mark = bytes[at];
    if ((mark !== 0x21 && mark !== 0x2c) || part === lookedAtParts) return false;
    at += mark === 0x21 ? 2 : 11 + colourTableBytes(bytes[at + 9] ?? 0);
    while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!;
    at++;
  }
  return true;
}

/**
 * ISO/IEC 14496-12, 4.2: boxes of a length and a type; length 1 stands for a 64-bit length, 0 for
 * the rest of the file. A picture needs a description (meta) and its data (mdat, or idat inside
 * meta), so that a cut between boxes shows as well.
 */
function boxesEndEarly(bytes: Buffer): boolean {
  const missing = new Set(["meta", "mdat"]);
  let at = 0;
  for (let part = 0; at + 8 <= bytes.length; part++) {
    const short = bytes.readUInt32BE(at);
    if (short === 0 || part === lookedAtParts) return false;
    if (short === 1 && at + 16 > bytes.length) return true;
    const length = short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short;
    if (length < 8) return false;
    missing.delete(bytes.toString("latin1", at + 4, at + 8));
    if (bytes.subarray(at, at + length).includes("idat")) missing.delete("mdat");
    at += length;
  }
  return at !== bytes.length || missing.size > 0;
}

/** The first directory, its values, and the strips or tiles of pixels that it points to, lie inside. */
function tiffEndsEarly(bytes: Buffer): boolean {
  const directory = readTiffDirectory(bytes);
  if (directory === undefined) return bytes.length < 8;
  if (directory.isCut) return true;
  const isTiled = directory.count(tiffTag.tileOffsets) > 0;
  const offsets = isTiled ? tiffTag.tileOffsets : tiffTag.stripOffsets;
  const lengths = isTiled ? tiffTag.tileByteCounts : tiffTag.stripByteCounts;
  const parts = Math.min(directory.count(offsets), lookedAtParts);
  for (let part = 0; part < parts; part++) {
    const end = (directory.number(offsets, part) ?? 0) + (directory.number(lengths, part) ?? 0);
    if (end > bytes.length) return true;
  }
  return false;
}
