/**
 * Heat maps: the shares of a score that lie on coarse grids, brought together at the picture's
 * size.
 */

/** Where in a picture a model saw its reasons for a class. */
export interface HeatMap {
  /** Pixels, as the recipe says. */
  readonly width: number;
  readonly height: number;
  /**
   * `[height, width]`: 1 where the reasons for the class are strongest, 0 where there are none, or
   * reasons against it.
   */
  readonly values: Float32Array;
  /** How the shares were worked out. */
  readonly method: "hires-cam";
}

/** Shares of one score on a grid that covers the whole picture. */
export interface ShareGrid {
  readonly height: number;
  readonly width: number;
  /** `[height, width]`, positive for the class, negative against it. */
  readonly values: Float32Array;
}

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The mean of several grids that each share out the same score, as heat: what speaks against the
 * class cut off, the maximum 1. All zero where nothing speaks for the class. The coarsest grid
 * stands first.
 *
 * Finer grids are smoothed until their blur is near the coarsest one's: strided windows leave
 * gradients on every second place only, a pattern that is the network's and not the picture's. One
 * pass of 1-2-1 removes it exactly.
 */
export function heatMapOf(grids: readonly ShareGrid[], { width, height }: PixelSize): HeatMap {
  const sum = new Float32Array(width * height);
  for (const grid of grids) {
    const ratio = Math.max(grid.height / grids[0]!.height, grid.width / grids[0]!.width);
    // Each pass adds 1/2 place to the variance: (ratio / 2)^2 passes blur by 0.35 places of the
    // coarsest grid, whatever the ratio.
    let smooth = grid;
    for (let pass = 0; pass < Math.round((ratio / 2) ** 2); pass++) smooth = smoothed(smooth);
    // Shares for each pixel, so that a fine grid counts as much as a coarse one.
    const density = grid.width * grid.height;
    for (const [at, share] of enlarged(smooth, { width, height }).entries()) sum[at]! += share * density;
  }
  const peak = sum.reduce((most, value) => (value > most ? value : most), 0);
  return { width, height, values: sum.map((value) => (value > 0 ? value / peak : 0)), method: "hires-cam" };
}

/** The grid convolved with 1-2-1 / 4 along both axes, its border repeated outwards. */
function smoothed({ height, width, values }: ShareGrid): ShareGrid {
  const at = (row: number, column: number): number => values[clamp(row, height) * width + clamp(column, width)]!;
  const rows = [-1, 0, 1];
  const weights = [0.25, 0.5, 0.25];
  const result = values.map((_, place) => {
    const [row, column] = [Math.floor(place / width), place % width];
    let total = 0;
    for (const i of rows) for (const j of rows) total += weights[i + 1]! * weights[j + 1]! * at(row + i, column + j);
    return total;
  });
  return { height, width, values: result };
}

/**
 * Values for each pixel between the grid's places, by cubic B-splines: smooth, and never beyond
 * what the grid holds.
 */
function enlarged({ height, width, values }: ShareGrid, size: PixelSize): Float32Array {
  const down = splineTaps(height, size.height);
  const across = splineTaps(width, size.width);
  const wide = new Float32Array(height * size.width);
  for (let row = 0; row < height; row++) {
    for (const [x, taps] of across.entries()) {
      for (const [column, weight] of taps) wide[row * size.width + x]! += weight * values[row * width + column]!;
    }
  }
  const result = new Float32Array(size.height * size.width);
  for (const [y, taps] of down.entries()) {
    for (const [row, weight] of taps) {
      for (let x = 0; x < size.width; x++) result[y * size.width + x]! += weight * wide[row * size.width + x]!;
    }
  }
  return result;
}

/**
 * For each of `pixels` pixels the four places that it is mixed from, and how much of each; grid and
 * pixels cover the same length.
 */
function splineTaps(
  places: number,
  pixels: number,
): readonly (readonly (readonly [place: number, weight: number])[])[] {
  return Array.from({ length: pixels }, (_, pixel) => {
    const centre = ((pixel + 0.5) * places) / pixels - 0.5;
    const first = Math.floor(centre) - 1;
    return [0, 1, 2, 3].map((step) => [clamp(first + step, places), cubicSpline(centre - first - step)] as const);
  });
}

function cubicSpline(distance: number): number {
  const t = Math.abs(distance);
  return t < 1 ? 2 / 3 - t * t + (t * t * t) / 2 : t < 2 ? (2 - t) ** 3 / 6 : 0;
}

function clamp(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1);
}
