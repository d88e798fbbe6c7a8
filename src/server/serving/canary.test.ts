import fc from "fast-check";
import { expect, it } from "vitest";
import { canaryTakes } from "./canary.ts";

const keys = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);

it("takes the share of the keys that it is given, none at 0 and all at 100", () => {
  for (const percent of [0, 1, 5, 50, 100]) {
    const taken = keys.filter((key) => canaryTakes(key, percent)).length;
    // Five standard deviations of a fair draw.
    const tolerance = 5 * Math.sqrt((10_000 * percent * (100 - percent)) / 10_000);
    expect(Math.abs(taken - percent * 100)).toBeLessThanOrEqual(tolerance);
  }
});

it("only ever moves keys towards the canary when the share grows", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (key, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(canaryTakes(key, low) && !canaryTakes(key, high)).toBe(false);
        expect(canaryTakes(key, a)).toBe(canaryTakes(key, a));
      },
    ),
  );
});
