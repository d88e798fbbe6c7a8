/** The header of a BMP file: what it says of the pixels behind it, no field of it trusted. */

/** How the bits of a pixel hold a channel: none where the mask is 0. */
export interface BmpMasks {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly alpha: number;
}

export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** Rows go from the bottom up unless the height is negative. */
  readonly isTopDown: boolean;
  readonly bits: number;
  readonly coding: BmpCoding;
  /** Where the pixels begin. */
  readonly pixelsAt: number;
  readonly palette: { readonly at: number; readonly count: number; readonly entryBytes: 3 | 4 };
  /** For pixels of 16 and 32 bits. */
  readonly masks: BmpMasks;
}

/** How the pixels are stored; the last five are not read. */
export type BmpCoding = "plain" | "rle8" | "rle4" | "jpeg" | "png" | "huffman" | "rle24" | "other";

/** BITMAPCOREHEADER, OS/2 2.x in two lengths, BITMAPINFOHEADER and its versions 2 to 5. */
const headerBytes = [12, 16, 64, 40, 52, 56, 108, 124];
const fileHeaderBytes = 14;

const fiveBits: BmpMasks = { red: 0x7c00, green: 0x03e0, blue: 0x001f, alpha: 0 };
const eightBits: BmpMasks = { red: 0xff0000, green: 0xff00, blue: 0xff, alpha: 0 };

/** Whether the bytes begin as a BMP: its two letters and a header of a known length. */
export function isBmp(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x42 || bytes[1] !== 0x4d || bytes.byteLength < fileHeaderBytes + 4) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return headerBytes.includes(view.getUint32(fileHeaderBytes, true));
}

/** Undefined where the file ends inside the header. */
export function readBmpHeader(bytes: Uint8Array): BmpHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < fileHeaderBytes + 4) return undefined;
  const length = view.getUint32(fileHeaderBytes, true);
  if (view.byteLength < fileHeaderBytes + length) return undefined;
  const short = (at: number): number => view.getUint16(fileHeaderBytes + at, true);
  const long = (at: number): number => view.getUint32(fileHeaderBytes + at, true);

  const isCore = length === 12;
  const bits = isCore ? short(10) : short(14);
  const compression = length < 40 ? 0 : long(16);
  const isOs2 = length === 64;
  const hasMasks = !isOs2 && (compression === 3 || compression === 6);
  // Behind a header of 40 bytes the masks follow; longer ones hold them at the same place.
  const maskBytes = hasMasks && length === 40 ? (compression === 6 ? 16 : 12) : 0;
  const headerEnd = fileHeaderBytes + length + maskBytes;
  if (view.byteLength < headerEnd) return undefined;
  const hasAlphaMask = length >= 56 || (length === 40 && compression === 6);
  const masks = hasMasks
    ? { red: long(40), green: long(44), blue: long(48), alpha: hasAlphaMask ? long(52) : 0 }
    : bits === 16
      ? fiveBits
      : eightBits;

  const signedHeight = isCore ? short(6) : view.getInt32(fileHeaderBytes + 8, true);
  const entryBytes = isCore ? 3 : 4;
  const stated = length < 40 ? 0 : long(32);
  const count = bits > 8 ? 0 : Math.min(stated || 2 ** bits, 2 ** bits);
  const statedStart = view.getUint32(10, true);
  return {
    width: isCore ? short(4) : Math.max(0, view.getInt32(fileHeaderBytes + 4, true)),
    height: Math.abs(signedHeight),
    isTopDown: signedHeight < 0,
    bits,
    coding: codingOf(compression, isOs2),
    pixelsAt: statedStart >= headerEnd ? statedStart : headerEnd + count * entryBytes,
    palette: { at: headerEnd, count, entryBytes },
    masks,
  };
}

function codingOf(compression: number, isOs2: boolean): BmpCoding {
  const codings: readonly BmpCoding[] = isOs2
    ? ["plain", "rle8", "rle4", "huffman", "rle24"]
    : ["plain", "rle8", "rle4", "plain", "jpeg", "png", "plain"];
  return codings[compression] ?? "other";
}

/** Bytes of one row of plain pixels: a multiple of four. */
export function bmpRowBytes({ width, bits }: Pick<BmpHeader, "width" | "bits">): number {
  return Math.ceil((width * bits) / 32) * 4;
}

/** True where the header, the palette or rows of pixels are missing at the end. */
export function bmpEndsEarly(bytes: Uint8Array): boolean {
  const header = readBmpHeader(bytes);
  if (header === undefined) return true;
  const { palette, pixelsAt, height, coding } = header;
  if (palette.at + palette.count * palette.entryBytes > bytes.byteLength || pixelsAt >= bytes.byteLength) return true;
  if (coding === "plain") {
    // The padding of the last row is left out by some programs.
    const lastRow = Math.ceil((header.width * header.bits) / 8);
    return pixelsAt + bmpRowBytes(header) * (height - 1) + lastRow > bytes.byteLength;
  }
  return (coding === "rle8" || coding === "rle4") && runsEndEarly(bytes, header);
}

/** Codes of two bytes and literal runs, up to the mark of the end or the last row. */
function runsEndEarly(bytes: Uint8Array, { pixelsAt, height, coding }: BmpHeader): boolean {
  let rows = 0;
  for (let at = pixelsAt; at + 2 <= bytes.byteLength; ) {
    const [run, code] = [bytes[at]!, bytes[at + 1]!];
    at += 2;
    if (run > 0) continue;
    if (code === 1) return false;
    if (code === 0) rows++;
    else if (code === 2) {
      rows += bytes[at + 1] ?? 0;
      at += 2;
    } else at += literalBytes(code, coding);
  }
  return rows < height;
}

/** Bytes of a literal run of `count` pixels, padded to an even number. */
export function literalBytes(count: number, coding: BmpCoding): number {
  const length = coding === "rle4" ? (count + 1) >> 1 : count;
  return length + (length & 1);
}
