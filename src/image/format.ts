/** Tells what a picture file is from its first bytes, without a decoder. */
import { readAvifHeader } from "./avif-header.ts";
import { isBmp, readBmpHeader } from "./bmp-header.ts";
import { cameraRawOf } from "./camera-raw.ts";
import { isAvif } from "./media-brands.ts";
import { readTiffDirectory, tiffTag } from "./tiff-directory.ts";
import { readWebpHeader } from "./webp-header.ts";

export type PictureFormat = "jpeg" | "png" | "gif" | "webp" | "tiff" | "avif" | "bmp";

/** As texts name the formats. */
export const formatNames: Readonly<Record<PictureFormat, string>> = {
  jpeg: "JPEG",
  png: "PNG",
  gif: "GIF",
  webp: "WebP",
  tiff: "TIFF",
  avif: "AVIF",
  bmp: "BMP",
};

/** Name extensions by format, lower case, with the dot; the first is the usual one. */
export const extensionsOf: Readonly<Record<PictureFormat, readonly string[]>> = {
  jpeg: [".jpg", ".jpeg", ".jpe", ".jfif"],
  png: [".png"],
  gif: [".gif"],
  webp: [".webp"],
  tiff: [".tif", ".tiff"],
  avif: [".avif"],
  bmp: [".bmp", ".dib"],
};

/** Name extensions of the formats that can be decoded. */
export const pictureExtensions: ReadonlySet<string> = new Set(Object.values(extensionsOf).flat());

/**
 * Name extensions of pictures, drawings and films that cannot be decoded: such a file is reported
 * with what it is, and not passed over.
 */
export const foreignExtensions: ReadonlySet<string> = new Set(
  (
    ".heic .heif .hif .jp2 .j2k .j2c .jpc .jpf .jpx .jxl .jxr .psd .psb .svg .svgz .ico .tga .eps .ai .pdf " +
    ".ppm .pgm .pbm .pnm .pam .exr .hdr .xcf .dds .qoi .wmf .emf .dcm .cr2 .cr3 .nef .nrw .arw .dng .orf .rw2 " +
    ".raf .pef .srw .x3f .mrw .3fr .iiq .mp4 .m4v .mov .webm .mkv .avi"
  ).split(" "),
);

/**
 * The format that the bytes begin as; undefined for anything else, which `recogniseForeign` may
 * name. Vector formats (SVG, PDF) are left out on purpose: they are programs, not pictures, and a
 * small one can ask for any amount of work.
 */
export function sniffFormat(bytes: Uint8Array): PictureFormat | undefined {
  const text = (start: number, end: number): string => String.fromCharCode(...bytes.subarray(start, end));
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "jpeg";
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (text(0, 4) === "GIF8") return "gif";
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return "webp";
  const isTiff = ["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(text(0, 4));
  if (isTiff) return cameraRawOf(bytes) === undefined ? "tiff" : undefined;
  if (text(4, 8) === "ftyp") return isAvif(bytes) ? "avif" : undefined;
  return isBmp(bytes) ? "bmp" : undefined;
}

export interface DeclaredSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The size in pixels that the header of a picture states, read without trusting anything else in
 * the file; undefined where there is no such header. It explains why a decoder refused a file.
 */
export function declaredSize(bytes: Uint8Array): DeclaredSize | undefined {
  const format = sniffFormat(bytes);
  return format && sizeReaders[format](bytes);
}

const sizeReaders: Readonly<Record<PictureFormat, (bytes: Uint8Array) => DeclaredSize | undefined>> = {
  jpeg: jpegFrameOf,
  png: pngSize,
  gif: gifSize,
  webp: readWebpHeader,
  tiff: tiffSize,
  avif: readAvifHeader,
  bmp: readBmpHeader,
};

function pngSize(bytes: Uint8Array): DeclaredSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.byteLength < 24 ? undefined : { width: view.getUint32(16), height: view.getUint32(20) };
}

/**
 * The logical screen, or more where the first frame reaches beyond it: decoders then take that for
 * the size (GIF89a specification, 18 and 20). Undefined where too much stands before the frame.
 */
export function gifSize(bytes: Uint8Array): DeclaredSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 13) return undefined;
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  const flags = view.getUint8(10);
  let at = 13 + ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  // Extensions in front of it: two bytes, then blocks up to an empty one.
  let parts = 0;
  while (bytes[at] === 0x21) {
    at += 2;
    while ((bytes[at] ?? 0) > 0) {
      if (++parts > lookedAtParts) return undefined;
      at += 1 + bytes[at]!;
    }
    at++;
    if (++parts > lookedAtParts) return undefined;
  }
  if (bytes[at] !== 0x2c || at + 9 > view.byteLength) return { width, height };
  const field = (offset: number): number => view.getUint16(at + offset, true);
  return { width: Math.max(width, field(1) + field(5)), height: Math.max(height, field(3) + field(7)) };
}

function tiffSize(bytes: Uint8Array): DeclaredSize | undefined {
  const directory = readTiffDirectory(bytes);
  const [width, height] = [directory?.number(tiffTag.imageWidth), directory?.number(tiffTag.imageLength)];
  return width === undefined || height === undefined ? undefined : { width, height };
}

/**
 * Segments, chunks, boxes or strips of a file that are walked: one that consists of empty ones has
 * millions, and would only keep others waiting. A PNG of 256 MiB has half as many.
 */
export const lookedAtParts = 50_000;

export interface JpegFrame extends DeclaredSize {
  /** SOF0 to SOF15. */
  readonly marker: number;
  /** Bits of a channel. */
  readonly bits: number;
  readonly channels: number;
}

/**
 * Walks the marker segments to the frame header (ITU-T T.81, B.2.2): SOF0 to SOF15 without DHT, JPG
 * and DAC.
 */
export function jpegFrameOf(bytes: Uint8Array): JpegFrame | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  for (let part = 0; part < lookedAtParts; part++) {
    if (at + 10 > view.byteLength || view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const [bits, channels] = [view.getUint8(at + 4), view.getUint8(at + 9)];
      return { marker, bits, channels, width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}
