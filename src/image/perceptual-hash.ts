/**
 * A fingerprint that hardly changes when a picture is resized, recompressed or brightened: a hash
 * of its low frequencies (after C. Zauner, "Implementation and Benchmarking of Perceptual Image
 * Hash Functions", 2010, section 3.2.1) and a tiny colour thumbnail.
 */
import type { PixelImage } from "./decode.ts";

/** Bits of the frequency hash. */
export const hashBits = 128;
const hashBytes = hashBits / 8;
const thumbnailSide = 8;
const thumbnailBytes = thumbnailSide * thumbnailSide * 3;
/** Bytes of a fingerprint: the hash, then 8 x 8 RGB. */
export const fingerprintBytes = hashBytes + thumbnailBytes;

/** The picture is squashed to this before its frequencies are taken. */
const side = 32;
/**
 * Frequencies from 1 to 16 along each axis, taken diagonal by diagonal, hold the first 128 and
 * more.
 */
const frequencies = 17;
/**
 * A picture whose luma varies less than this (standard deviation, 0 to 127.5) has no structure,
 * only noise, to hash.
 */
const minimumContrast = 2;

/**
 * The fingerprint of a picture: fastest for small ones, such as 64 x 64 pixels. Undefined for
 * pictures of one colour, and for those with fewer than 32 pixels a side: so little structure would
 * be the same for many (any two handwritten ones are nearly the same picture).
 */
export function fingerprintOf(image: PixelImage): Uint8Array | undefined {
  if (image.width < side || image.height < side) return undefined;
  const { luma, colours } = shrink(image);
  if (deviation(luma) < minimumContrast) return undefined;
  const fingerprint = new Uint8Array(fingerprintBytes);
  writeHash(lowFrequencies(luma), fingerprint);
  fingerprint.set(colours, hashBytes);
  return fingerprint;
}

/** How many of the 128 bits of two fingerprints differ. */
export function hashDistance(a: Uint8Array, b: Uint8Array): number {
  let distance = 0;
  for (let at = 0; at < hashBytes; at++) distance += bitCount[a[at]! ^ b[at]!]!;
  return distance;
}

/**
 * Mean difference of the two tiny pictures, 0 to 255, once each channel is shifted to the same
 * mean; the shifts count for little where all channels share them (the same picture, made
 * brighter), and for half where they do not (the same shapes in other colours).
 */
export function colourDistance(a: Uint8Array, b: Uint8Array): number {
  const shifts = [0, 1, 2].map((channel) => {
    let sum = 0;
    for (let at = hashBytes + channel; at < fingerprintBytes; at += 3) sum += a[at]! - b[at]!;
    return sum / (thumbnailSide * thumbnailSide);
  });
  let sum = 0;
  for (let at = hashBytes; at < fingerprintBytes; at++)
    sum += Math.abs(a[at]! - b[at]! - shifts[(at - hashBytes) % 3]!);
  const brightness = (shifts[0]! + shifts[1]! + shifts[2]!) / 3;
  const cast = shifts.reduce((total, shift) => total + Math.abs(shift - brightness), 0) / 3;
  return sum / thumbnailBytes + brightnessWeight * Math.abs(brightness) + castWeight * cast;
}

const brightnessWeight = 0.1;
const castWeight = 0.5;

const bitCount = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/**
 * Mean luma (ITU-R BT.601) of each cell of a 32 x 32 grid and mean colours of an 8 x 8 grid, in one
 * pass over the pixels.
 */
function shrink({ width, height, channels, pixels }: PixelImage): { luma: Float64Array; colours: Float64Array } {
  const columns = cellsOf(width);
  const rows = cellsOf(height);
  const sums = new Float64Array(side * side * 3);
  const [green, blue] = channels === 3 ? [1, 2] : [0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    const row = rows[y]! * side;
    for (let x = 0; x < width; x++, at += channels) {
      const cell = (row + columns[x]!) * 3;
      sums[cell]! += pixels[at]!;
      sums[cell + 1]! += pixels[at + green]!;
      sums[cell + 2]! += pixels[at + blue]!;
    }
  }
  const luma = new Float64Array(side * side);
  const colours = new Float64Array(thumbnailBytes);
  const [perColumn, perRow] = [countOf(columns), countOf(rows)];
  for (let cell = 0; cell < luma.length; cell++) {
    const [row, column] = [Math.floor(cell / side), cell % side];
    const coarse = ((row >> gridShift) * thumbnailSide + (column >> gridShift)) * 3;
    const [r, g, b] = [sums[cell * 3]!, sums[cell * 3 + 1]!, sums[cell * 3 + 2]!];
    luma[cell] = (0.299 * r + 0.587 * g + 0.114 * b) / (perRow[row]! * perColumn[column]!);
    colours[coarse]! += r;
    colours[coarse + 1]! += g;
    colours[coarse + 2]! += b;
  }
  const [coarseRows, coarseColumns] = [perRow, perColumn].map((counts) => sumsOfFour(counts)) as [number[], number[]];
  return {
    luma,
    colours: colours.map((sum, at) => {
      const cell = Math.floor(at / 3);
      return Math.round(sum / (coarseRows[Math.floor(cell / thumbnailSide)]! * coarseColumns[cell % thumbnailSide]!));
    }),
  };
}

/** How many pixels of an axis each of the 32 cells holds. */
function countOf(cells: Uint8Array): Uint32Array {
  const counts = new Uint32Array(side);
  for (const cell of cells) counts[cell]!++;
  return counts;
}

function sumsOfFour(counts: Uint32Array): number[] {
  return Array.from({ length: thumbnailSide }, (_, at) => {
    return counts.subarray(at << gridShift, (at + 1) << gridShift).reduce((sum, count) => sum + count, 0);
  });
}

/** 32 cells to 8 cells. */
const gridShift = 2;

/** Which of the 32 cells of an axis each pixel belongs to. */
function cellsOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => Math.floor((at * side) / length));
}

function deviation(values: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return Math.sqrt(Math.max(0, squares / values.length - (sum / values.length) ** 2));
}

/** cos(pi (2 x + 1) u / (2 side)) for frequency u and position x: the DCT-II without its scale. */
const cosines = Float64Array.from({ length: frequencies * side }, (_, at) =>
  Math.cos((Math.PI * (2 * (at % side) + 1) * Math.floor(at / side)) / (2 * side)),
);

/**
 * Positions (u * frequencies + v) of the 128 lowest frequencies but the mean, diagonal by diagonal.
 */
const lowest = Array.from({ length: frequencies * frequencies }, (_, at) => at)
  .filter((at) => at > 0)
  .sort((a, b) => diagonalOf(a) - diagonalOf(b) || a - b)
  .slice(0, hashBits);

function diagonalOf(at: number): number {
  return Math.floor(at / frequencies) + (at % frequencies);
}

/** The 128 lowest coefficients of the two-dimensional DCT, rows first. */
function lowFrequencies(luma: Float64Array): Float64Array {
  const mixed = new Float64Array(frequencies * side);
  for (let u = 0; u < frequencies; u++) {
    for (let y = 0; y < side; y++) {
      const factor = cosines[u * side + y]!;
      for (let x = 0; x < side; x++) mixed[u * side + x]! += factor * luma[y * side + x]!;
    }
  }
  return Float64Array.from(lowest, (at) => {
    const u = Math.floor(at / frequencies);
    const v = at % frequencies;
    let sum = 0;
    for (let x = 0; x < side; x++) sum += mixed[u * side + x]! * cosines[v * side + x]!;
    return sum;
  });
}

/**
 * Where a picture is smooth, its high frequencies hold only what compression left there: up to some
 * 16 for JPEG at quality 40. A bit is set for what stands clearly above that, so that such
 * coefficients give 0 in each copy.
 */
const noiseFloor = 24;

/**
 * A bit for each coefficient: whether it is clearly positive. Bit k goes to byte k mod 16, so that
 * each 16-bit band holds low and high frequencies alike, and no band is the same for half of all
 * pictures.
 */
function writeHash(coefficients: Float64Array, into: Uint8Array): void {
  coefficients.forEach((value, at) => {
    if (value > noiseFloor) into[at % hashBytes]! |= 1 << Math.floor(at / hashBytes);
  });
}
