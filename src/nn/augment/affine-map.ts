/**
 * Changes of a picture's geometry as affine maps from output to source: where each pixel of the
 * changed picture is read. Both points are in pixels, x to the right and y down, counted from the
 * picture's middle, so that a map holds no size.
 */
import type { PictureSize } from "../picture-tensor.ts";
import type { Box } from "./boxes.ts";

/** Source x = a x + b y + c, source y = d x + e y + f, held as a, b, c, d, e, f. */
export type AffineMap = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export const unmoved: AffineMap = [1, 0, 0, 0, 1, 0];

/** The map of a picture that is changed by each map in turn. */
export function inTurn(maps: readonly AffineMap[]): AffineMap {
  // What comes out last is read where the change before it says, and so back to the source: the
  // first map is outermost.
  return maps.reduce(
    ([a, b, c, d, e, f], [a2, b2, c2, d2, e2, f2]) => [
      a * a2 + b * d2,
      a * b2 + b * e2,
      a * c2 + b * f2 + c,
      d * a2 + e * d2,
      d * b2 + e * e2,
      d * c2 + e * f2 + f,
    ],
    unmoved,
  );
}

/** Mirrors left to right. */
export const mirrored: AffineMap = [-1, 0, 0, 0, 1, 0];

/** Reads so many pixels further right and further down. */
export function shifted(columns: number, rows: number): AffineMap {
  return [1, 0, columns, 0, 1, rows];
}

/**
 * Shows so many source pixels in one, along each axis: 0.5 doubles the picture around its middle.
 */
export function zoomed(columns: number, rows: number): AffineMap {
  return [columns, 0, 0, 0, rows, 0];
}

/** Turned anticlockwise around the middle. */
export function turned(degrees: number): AffineMap {
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), -Math.sin(angle), 0, Math.sin(angle), Math.cos(angle), 0];
}

/**
 * Rows slide sideways by `alongX` of their distance from the middle, then columns up or down by
 * `alongY` of theirs.
 */
export function sheared(alongX: number, alongY: number): AffineMap {
  return inTurn([
    [1, alongX, 0, 0, 1, 0],
    [1, 0, 0, alongY, 1, 0],
  ]);
}

/** What the box holds, drawn at the picture's full size. */
export function cropped({ left, top, right, bottom }: Box, { width, height }: PictureSize): AffineMap {
  const [columns, rows] = [(right - left) / width, (bottom - top) / height];
  return [columns, 0, (left + right - width) / 2, 0, rows, (top + bottom - height) / 2];
}
