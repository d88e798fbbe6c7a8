import { describe, expect, it } from "vitest";
import { type AffineMap, cropped, inTurn, mirrored, sheared, shifted, turned, unmoved, zoomed } from "./affine-map.ts";
import {
  brightened,
  type ColourMap,
  coloursInTurn,
  contrasted,
  normalizingMap,
  saturated,
  turnedHues,
} from "./colour-map.ts";

const size = { height: 6, width: 10, channels: 3 };
const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 9));
/** Where the changed picture is read for an output pixel, both counted from the middle. */
const source = ([a, b, c, d, e, f]: AffineMap, x: number, y: number) => [a * x + b * y + c, d * x + e * y + f];

describe("moves", () => {
  it("say where each output pixel is read", () => {
    expect(source(unmoved, 3, -2)).toEqual([3, -2]);
    expect(source(mirrored, 3, -2)).toEqual([-3, -2]);
    expect(source(shifted(1, -4), 3, -2)).toEqual([4, -6]);
    expect(source(zoomed(0.5, 2), 3, -2)).toEqual([1.5, -4]);
    expect(source(sheared(0.5, 0), 3, -2)).toEqual([2, -2]);
    // Turned anticlockwise by a right angle, the top of the picture shows what was on the right.
    expect(source(turned(90), 0, -3)).toEqual(near([3, 0]));
  });

  it("follow one another in the order given", () => {
    // Shifted and then mirrored: mirroring takes the shift along.
    expect(source(inTurn([shifted(2, 0), mirrored]), 1, 0)).toEqual([1, 0]);
    expect(source(inTurn([mirrored, shifted(2, 0)]), 1, 0)).toEqual([-3, 0]);
    expect(source(inTurn([turned(20), turned(70)]), 1, 2)).toEqual(near(source(turned(90), 1, 2)));
    expect(inTurn([])).toEqual(unmoved);
  });

  it("draw a box at the full size, edge to edge", () => {
    const map = cropped({ left: 2, top: 1, right: 7, bottom: 4 }, size);
    // The picture's left and upper edges are 5 and 3 pixels from its middle.
    expect(source(map, -5, -3)).toEqual(near([2 - 5, 1 - 3]));
    expect(source(map, 5, 3)).toEqual(near([7 - 5, 4 - 3]));
    expect(cropped({ left: 0, top: 0, right: 10, bottom: 6 }, size)).toEqual(unmoved);
  });
});

const normalization = { mean: [0.4, 0.5, 0.6], std: [0.1, 0.2, 0.3] };
const changed = ({ matrix, offset }: ColourMap, colour: readonly number[]) =>
  offset.map((value, row) => colour.reduce((sum, level, at) => sum + matrix[row * 3 + at]! * level, value));
const lumaOf = ([r, g, b]: readonly number[]) => 0.299 * r! + 0.587 * g! + 0.114 * b!;
const colour = [0.8, 0.3, 0.1];

describe("changes of colour", () => {
  it("add brightness in standard deviations, and stretch contrast around the mean", () => {
    expect(changed(brightened(0.5, normalization), colour)).toEqual(near([0.85, 0.4, 0.25]));
    expect(changed(contrasted(2, normalization), colour)).toEqual(near([1.2, 0.1, -0.4]));
  });

  it("keep luma and leave grey alone when saturation changes; none of it gives the grey of the luma", () => {
    for (const gain of [0, 0.5, 1, 1.8]) {
      const result = changed(saturated(gain), colour);
      expect(lumaOf(result)).toBeCloseTo(lumaOf(colour), 9);
      expect(result[0]! - result[1]!).toBeCloseTo(gain * 0.5, 9);
      expect(changed(saturated(gain), [0.4, 0.4, 0.4])).toEqual(near([0.4, 0.4, 0.4]));
    }
  });

  it("keep luma and grey when hues turn, come back after a whole circle, and lead red towards green or blue", () => {
    const third = changed(turnedHues(1 / 3), [1, 0, 0]);
    expect(lumaOf(third)).toBeCloseTo(lumaOf([1, 0, 0]), 9);
    expect(third.indexOf(Math.max(...third))).not.toBe(0);
    const other = changed(turnedHues(-1 / 3), [1, 0, 0]);
    expect(other.indexOf(Math.max(...other))).not.toBe(third.indexOf(Math.max(...third)));
    expect(changed(turnedHues(1), colour)).toEqual(near(colour));
    expect(changed(turnedHues(0.5), [0.4, 0.4, 0.4])).toEqual(near([0.4, 0.4, 0.4]));
    expect(changed(coloursInTurn([turnedHues(0.1), turnedHues(-0.1)]), colour)).toEqual(near(colour));
  });

  it("follow one another in the order given", () => {
    const map = coloursInTurn([brightened(1, normalization), contrasted(2, normalization)]);
    expect(changed(map, colour)).toEqual(near([1.4, 0.5, 0.2]));
  });

  it("lead from bytes to what brightness and contrast mean for normalised values", () => {
    const map = coloursInTurn([contrasted(1.5, normalization), brightened(0.3, normalization)]);
    const bytes = [200, 40, 90];
    const normalized = bytes.map((byte, at) => (byte / 255 - normalization.mean[at]!) / normalization.std[at]!);
    const expected = normalized.map((value) => 1.5 * value + 0.3);
    expect(changed(normalizingMap(map, normalization), bytes)).toEqual(near(expected));
  });
});
