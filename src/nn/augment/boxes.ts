/** Rectangles within pictures: those to show, those to cover and those to paste. */
import type { Random } from "../../base/random.ts";
import type { PictureSize } from "../picture-tensor.ts";

/** In pixels from the left upper corner; `right` and `bottom` are the first ones outside. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const noBox: Box = { left: 0, top: 0, right: 0, bottom: 0 };

export function areaOf({ left, top, right, bottom }: Box): number {
  return (right - left) * (bottom - top);
}

/** A shape that does not fit is drawn again, so often at most. */
const attempts = 10;

/**
 * A box whose area is an even share of the picture's from `areas` and whose width / height is from
 * 1 / `aspect` to `aspect` times the picture's own, evenly in the logarithm, anywhere inside.
 * Undefined where ten shapes do not fit.
 */
export function drawBox(
  random: Random,
  areas: readonly [least: number, most: number],
  aspect: number,
  { width, height }: PictureSize,
): Box | undefined {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = areas[0] + (areas[1] - areas[0]) * random.next();
    const ratio = Math.exp(Math.log(aspect) * (2 * random.next() - 1));
    const [boxWidth, boxHeight] = [width * Math.sqrt(area * ratio), height * Math.sqrt(area / ratio)];
    if (boxWidth > width || boxHeight > height) continue;
    const [left, top] = [(width - boxWidth) * random.next(), (height - boxHeight) * random.next()];
    return { left, top, right: left + boxWidth, bottom: top + boxHeight };
  }
  return undefined;
}

/** The box with its edges moved to the nearest pixels' edges. */
export function onWholePixels({ left, top, right, bottom }: Box): Box {
  return { left: Math.round(left), top: Math.round(top), right: Math.round(right), bottom: Math.round(bottom) };
}

/**
 * A box of the picture's own shape and of this share of its area around any pixel, cut off at the
 * border.
 */
export function drawPatch(random: Random, share: number, { width, height }: PictureSize): Box {
  const around = (side: number): readonly [number, number] => {
    const half = (side * Math.sqrt(share)) / 2;
    const middle = random.integer(side) + 0.5;
    return [Math.max(0, Math.round(middle - half)), Math.min(side, Math.round(middle + half))];
  };
  const [left, right] = around(width);
  const [top, bottom] = around(height);
  return { left, top, right, bottom };
}
