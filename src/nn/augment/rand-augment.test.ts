import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import { unmoved } from "./affine-map.ts";
import { unchangedColours } from "./colour-map.ts";
import { drawPolicy, policyTable } from "./rand-augment.ts";

const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const sizeOf = (channels: number) => ({ height: 20, width: 40, channels });

describe("a drawn policy", () => {
  it("makes one change of the table, either way, at the share of its largest amount that the magnitude says", () => {
    const random = createRandom("one");
    const expected = policyTable.flatMap(({ largest, move, recolour }) =>
      [0.4 * largest, -0.4 * largest].map((amount) => ({
        move: move?.(amount, sizeOf(3)) ?? unmoved,
        colours: recolour?.(amount, normalization) ?? unchangedColours(3),
      })),
    );
    const seen = new Set<number>();
    for (let at = 0; at < 400; at++) {
      const drawn = drawPolicy(random, { count: 1, magnitude: 4 }, sizeOf(3), normalization);
      const text = JSON.stringify(drawn, round);
      const which = expected.findIndex((maps) => JSON.stringify(maps, round) === text);
      expect(which).toBeGreaterThanOrEqual(0);
      seen.add(which);
    }
    // Each entry came both ways; the two ways of changing nothing look the same.
    expect(seen.size).toBe(2 * policyTable.length - 1);
  });

  it("changes nothing at magnitude 0 or for no changes", () => {
    const random = createRandom("none");
    for (let at = 0; at < 50; at++) {
      for (const policy of [
        { count: 0, magnitude: 9 },
        { count: 3, magnitude: 0 },
      ]) {
        const { move, colours } = drawPolicy(random, policy, sizeOf(3), normalization);
        expect(move.map((value, place) => Math.abs(value - unmoved[place]!)).every((gap) => gap === 0)).toBe(true);
        for (const [place, value] of unchangedColours(3).matrix.entries()) {
          expect(colours.matrix[place]).toBeCloseTo(value, 12);
        }
      }
    }
  });

  it("leaves colours out for grey pictures", () => {
    const random = createRandom("grey");
    const grey = { mean: [0.5], std: [0.25] };
    for (let at = 0; at < 200; at++) {
      const { colours } = drawPolicy(random, { count: 2, magnitude: 10 }, sizeOf(1), grey);
      expect([colours.matrix.length, colours.offset.length]).toEqual([1, 1]);
    }
  });
});

/** Numbers to 9 places, so that the order of a sum does not count; no negative zero. */
function round(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toFixed(9)) + 0 : value;
}
