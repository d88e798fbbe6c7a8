import fc from "fast-check";
import { expect, it } from "vitest";
import { createShrinker } from "./shrink-pixels.ts";

function shrink(
  pixels: readonly number[],
  from: readonly [number, number],
  to: readonly [number, number],
  channels = 1,
): number[] {
  const [height, width] = from;
  const count = pixels.length / (height * width * channels);
  const into = new Uint8Array(count * to[0] * to[1] * channels);
  createShrinker({ height, width }, { height: to[0], width: to[1] }, channels)(Uint8Array.from(pixels), into);
  return [...into];
}

it("averages whole blocks", () => {
  expect(shrink([0, 10, 20, 30, 100, 110, 120, 130], [2, 4], [1, 2])).toEqual([55, 75]);
});

it("weighs pixels by the part of them that is covered", () => {
  // Three pixels to two: each output covers one and a half.
  expect(shrink([0, 90, 180], [1, 3], [1, 2])).toEqual([30, 150]);
});

it("keeps channels and pictures apart", () => {
  expect(shrink([1, 201, 3, 203, 11, 101, 13, 103], [1, 2], [1, 1], 2)).toEqual([2, 202, 12, 102]);
});

it("changes nothing at the same size", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 24, maxLength: 24 }), (pixels) => {
      expect(shrink([...pixels], [2, 4], [2, 4], 3)).toEqual([...pixels]);
    }),
  );
});

it("leaves a plain picture plain, and the mean of any where it was, to rounding", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      fc.nat(255),
      (from, smaller, level) => {
        const to = Math.min(from, smaller);
        expect(shrink(Array(from * from).fill(level), [from, from], [to, to])).toEqual(Array(to * to).fill(level));
      },
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 49, maxLength: 49 }), fc.integer({ min: 1, max: 7 }), (pixels, to) => {
      const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
      expect(Math.abs(mean(shrink([...pixels], [7, 7], [to, to])) - mean([...pixels]))).toBeLessThanOrEqual(0.51);
    }),
  );
});
