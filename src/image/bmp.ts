/**
 * Decodes BMP files, which libvips does not read: palettes of 1 to 8 bits, plain and run-length
 * coded, and colours of 16, 24 and 32 bits.
 */
import { setImmediate } from "node:timers/promises";
import { type BmpHeader, bmpRowBytes, literalBytes, readBmpHeader } from "./bmp-header.ts";
import { inTurns } from "./in-turns.ts";

/** Upright rows from the top, `[height, width, channels]`. */
export interface BmpPixels {
  readonly width: number;
  readonly height: number;
  /** Grey, RGB, RGBA. */
  readonly channels: 1 | 3 | 4;
  readonly pixels: Uint8Array;
}

/** After so many pixels other work gets its turn: some 5 ms. */
const pixelsAtOnce = 500_000;

/**
 * The pixels of a BMP that `bmpProblem` has nothing to say against, and that does not end early.
 * Pixels that a run-length code skips, and those outside the palette, get the palette's first
 * colour.
 */
export async function decodeBmp(bytes: Uint8Array): Promise<BmpPixels> {
  const header = readBmpHeader(bytes)!; // checked by the caller
  if (header.bits > 8) return decodeColours(bytes, header);
  const { width, height } = header;
  const indices = header.coding === "plain" ? await readIndices(bytes, header) : await readRuns(bytes, header);
  return { width, height, ...(await paint(indices, readPalette(bytes, header))) };
}

/** Why a BMP is of a kind that is not read, as a noun phrase; undefined where it is. */
export function bmpProblem({ bits, coding, masks }: BmpHeader): string | undefined {
  if (coding === "jpeg" || coding === "png") return `a BMP with a ${coding.toUpperCase()} inside`;
  const fits: Readonly<Partial<Record<typeof coding, readonly number[]>>> = {
    plain: [1, 2, 4, 8, 16, 24, 32],
    rle8: [8],
    rle4: [4],
  };
  if (fits[coding] === undefined) return `a BMP in ${coding === "other" ? "an unknown" : coding} coding`;
  if (!fits[coding].includes(bits)) return `a BMP of ${bits} bits a pixel${coding === "plain" ? "" : ` in ${coding}`}`;
  const isColour = bits === 16 || bits === 32;
  if (isColour && !Object.values(masks).every(isOneRun)) return "a BMP with scattered bits of a channel";
  if (isColour && (masks.red | masks.green | masks.blue) === 0) return "a BMP without bits of a colour";
  return undefined;
}

/** Whether the set bits are neighbours. */
function isOneRun(mask: number): boolean {
  if (mask === 0) return true;
  const low = mask >>> shiftOf(mask);
  return (low & (low + 1)) === 0;
}

/** How many bits stand below the lowest set one. */
function shiftOf(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

/** The row of the picture, from the top, that the nth row of the file is. */
function rowOf(header: BmpHeader, nth: number): number {
  return header.isTopDown ? nth : header.height - 1 - nth;
}

/** Calls `work` for every row of the file. */
function forEachRow({ width, height }: BmpHeader, work: (nth: number) => void): Promise<void> {
  return inTurns(height, pixelsAtOnce / width, (start, end) => {
    for (let nth = start; nth < end; nth++) work(nth);
  });
}

async function decodeColours(bytes: Uint8Array, header: BmpHeader): Promise<BmpPixels> {
  const { width, height, bits, masks, pixelsAt } = header;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const channels = bits === 24 || masks.alpha === 0 ? 3 : 4;
  const pixels = new Uint8Array(width * height * channels);
  const readers = [masks.red, masks.green, masks.blue, masks.alpha].slice(0, channels).map(createLevelReader);
  const pixelBytes = bits / 8;
  await forEachRow(header, (nth) => {
    let from = pixelsAt + nth * bmpRowBytes(header);
    let to = rowOf(header, nth) * width * channels;
    for (let x = 0; x < width; x++, from += pixelBytes) {
      if (bits === 24) {
        pixels[to++] = bytes[from + 2]!;
        pixels[to++] = bytes[from + 1]!;
        pixels[to++] = bytes[from]!;
        continue;
      }
      const value = bits === 16 ? view.getUint16(from, true) : view.getUint32(from, true);
      for (let channel = 0; channel < channels; channel++) pixels[to++] = readers[channel]!(value);
    }
  });
  return channels === 4 ? withoutEmptyAlpha(width, height, pixels) : { width, height, channels, pixels };
}

/** Many programs leave the fourth byte at 0 and mean an opaque picture. */
function withoutEmptyAlpha(width: number, height: number, pixels: Uint8Array): BmpPixels {
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at] !== 0) return { width, height, channels: 4, pixels };
  for (let at = 3; at < pixels.length; at += 4) pixels[at] = 255;
  return { width, height, channels: 4, pixels };
}

/** Takes a channel out of a pixel and scales it to 0 to 255. */
function createLevelReader(mask: number): (value: number) => number {
  if (mask === 0) return () => 0;
  const shift = shiftOf(mask);
  const largest = mask >>> shift;
  if (largest === 255) return (value) => (value >>> shift) & 255;
  return (value) => Math.round((((value & mask) >>> shift) / largest) * 255);
}

/** One palette index a pixel, `[height, width]`. */
async function readIndices(bytes: Uint8Array, header: BmpHeader): Promise<Uint8Array> {
  const { width, height, bits, pixelsAt } = header;
  const indices = new Uint8Array(width * height);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  await forEachRow(header, (nth) => {
    const from = pixelsAt + nth * bmpRowBytes(header);
    const to = rowOf(header, nth) * width;
    for (let x = 0; x < width; x++) {
      const place = 8 - bits * ((x % perByte) + 1);
      indices[to + x] = (bytes[from + Math.floor(x / perByte)]! >> place) & mask;
    }
  });
  return indices;
}

/** Run-length codes; what they would set outside of the picture is passed over. */
async function readRuns(bytes: Uint8Array, header: BmpHeader): Promise<Uint8Array> {
  const { width, height, coding, pixelsAt } = header;
  const isNibbles = coding === "rle4";
  const indices = new Uint8Array(width * height);
  let [x, nth] = [0, 0];
  const set = (index: number): void => {
    if (x < width) indices[rowOf(header, nth) * width + x] = index;
    x++;
  };
  let codes = 0;
  for (let at = pixelsAt; nth < height && at + 2 <= bytes.byteLength; ) {
    // A code gives 255 pixels at most.
    if (++codes % Math.floor(pixelsAtOnce / 255) === 0) await setImmediate();
    const [run, code] = [bytes[at]!, bytes[at + 1]!];
    at += 2;
    if (run > 0) {
      for (let pixel = 0; pixel < run; pixel++) set(isNibbles ? nibbleOf(code, pixel) : code);
    } else if (code === 0) [x, nth] = [0, nth + 1];
    else if (code === 1) break;
    else if (code === 2) {
      x += bytes[at] ?? 0;
      nth += bytes[at + 1] ?? 0;
      at += 2;
    } else {
      for (let pixel = 0; pixel < code; pixel++) {
        set(isNibbles ? nibbleOf(bytes[at + (pixel >> 1)] ?? 0, pixel) : (bytes[at + pixel] ?? 0));
      }
      at += literalBytes(code, coding);
    }
  }
  return indices;
}

function nibbleOf(byte: number, pixel: number): number {
  return pixel % 2 === 0 ? byte >> 4 : byte & 15;
}

/** 256 colours of red, green, blue; those that the file does not have are its first. */
function readPalette(bytes: Uint8Array, { palette }: BmpHeader): Uint8Array {
  const colours = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index++) {
    const at = palette.at + (index < palette.count ? index : 0) * palette.entryBytes;
    for (let channel = 0; channel < 3; channel++) colours[index * 3 + channel] = bytes[at + 2 - channel] ?? 0;
  }
  return colours;
}

/** Grey where every colour of the palette is. */
async function paint(indices: Uint8Array, palette: Uint8Array): Promise<Pick<BmpPixels, "channels" | "pixels">> {
  const isGrey = palette.every((level, at) => level === palette[at - (at % 3)]);
  const channels = isGrey ? 1 : 3;
  const pixels = new Uint8Array(indices.length * channels);
  await inTurns(indices.length, pixelsAtOnce, (start, end) => {
    for (let at = start, to = start * channels; at < end; at++) {
      const colour = indices[at]! * 3;
      pixels[to++] = palette[colour]!;
      if (isGrey) continue;
      pixels[to++] = palette[colour + 1]!;
      pixels[to++] = palette[colour + 2]!;
    }
  });
  return { channels, pixels };
}
