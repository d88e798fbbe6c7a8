/**
 * Changes of a picture's colours as affine maps of pixel values from 0 to 1. Values that leave that
 * range are kept.
 */
import type { Normalization } from "../picture-tensor.ts";

/** New value = matrix value + offset; the matrix is row-major, one row for each new channel. */
export interface ColourMap {
  readonly matrix: readonly number[];
  readonly offset: readonly number[];
}

export function unchangedColours(channels: number): ColourMap {
  return { matrix: diagonal(channels, 1), offset: new Array<number>(channels).fill(0) };
}

/**
 * The map of a picture that is changed by each map in turn; all are of the same number of channels.
 */
export function coloursInTurn(maps: readonly ColourMap[]): ColourMap {
  return maps.reduce((first, second) => ({
    matrix: product(second.matrix, first.matrix, first.offset.length),
    offset: product(second.matrix, first.offset, 1).map((value, channel) => value + second.offset[channel]!),
  }));
}

/** Lighter by so many standard deviations of each channel. */
export function brightened(deviations: number, { std }: Normalization): ColourMap {
  return { matrix: diagonal(std.length, 1), offset: std.map((deviation) => deviations * deviation) };
}

/** Each channel's distance from its mean times `gain`. */
export function contrasted(gain: number, { mean }: Normalization): ColourMap {
  return { matrix: diagonal(mean.length, gain), offset: mean.map((level) => (1 - gain) * level) };
}

/** The luma of ITU-R BT.601: the grey that looks as light as a colour. */
const luma = [0.299, 0.587, 0.114] as const;

/**
 * Each colour's distance from the grey of its luma times `gain`: 0 gives a grey picture. RGB only.
 */
export function saturated(gain: number): ColourMap {
  const own = diagonal(3, gain);
  return { matrix: own.map((value, at) => value + (1 - gain) * luma[at % 3]!), offset: [0, 0, 0] };
}

/** RGB to YIQ, the colours of NTSC: luma, and a plane of two axes in which hue is the angle. */
const toYiq = [...luma, 0.596, -0.274, -0.322, 0.211, -0.523, 0.312] as const;
const fromYiq = inverse(toYiq);

/** Hues turned by so much of the colour circle, luma kept. RGB only. */
export function turnedHues(share: number): ColourMap {
  const [cosine, sine] = [Math.cos(2 * Math.PI * share), Math.sin(2 * Math.PI * share)];
  const turn = [1, 0, 0, 0, cosine, -sine, 0, sine, cosine];
  return { matrix: product(fromYiq, product(turn, toYiq, 3), 3), offset: [0, 0, 0] };
}

/**
 * The map from bytes to normalised values that changes colours on the way: a matrix and an offset.
 * Without a change it holds the very numbers of `scaleChannels`.
 */
export function normalizingMap({ matrix, offset }: ColourMap, { mean, std }: Normalization): ColourMap {
  const channels = mean.length;
  return {
    matrix: matrix.map((value, at) => value / (255 * std[Math.floor(at / channels)]!)),
    offset: offset.map((value, channel) => (value - mean[channel]!) / std[channel]!),
  };
}

function diagonal(size: number, value: number): number[] {
  return Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? value : 0));
}

/** The product of two row-major matrices, the second of `columns` columns. */
function product(a: readonly number[], b: readonly number[], columns: number): number[] {
  const inner = b.length / columns;
  return Array.from({ length: (a.length / inner) * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a[row * inner + k]! * b[k * columns + column]!;
    return sum;
  });
}

/** The inverse of a 3x3 matrix, by cofactors. */
function inverse(m: readonly number[]): readonly number[] {
  const minor = (row: number, column: number) => {
    const at = (i: number, j: number) => m[((row + i) % 3) * 3 + ((column + j) % 3)]!;
    return at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1);
  };
  const determinant = m[0]! * minor(0, 0) + m[1]! * minor(0, 1) + m[2]! * minor(0, 2);
  return Array.from(m, (_, at) => minor(at % 3, Math.floor(at / 3)) / determinant);
}
