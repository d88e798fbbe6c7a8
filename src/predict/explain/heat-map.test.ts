import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import { heatMapOf, type ShareGrid } from "./heat-map.ts";

function grid(height: number, width: number, share: (row: number, column: number) => number): ShareGrid {
  const values = Float32Array.from({ length: height * width }, (_, at) => share(Math.floor(at / width), at % width));
  return { height, width, values };
}

const noise = (seed: number, height: number, width: number) => {
  const random = createRandom(seed);
  return grid(height, width, () => random.next() - 0.5);
};

describe("a heat map", () => {
  it("lies between 0 and 1, and reaches 1", () => {
    const { values } = heatMapOf([noise(1, 4, 6), noise(2, 8, 12), noise(3, 16, 24)], { width: 31, height: 20 });
    expect(values).toHaveLength(31 * 20);
    expect(Math.max(...values)).toBe(1);
    expect(Math.min(...values)).toBe(0);
  });

  it("is zero everywhere where nothing speaks for the class", () => {
    for (const share of [0, -1]) {
      const { values } = heatMapOf([grid(4, 4, () => share)], { width: 9, height: 9 });
      expect(new Set(values)).toEqual(new Set([0]));
    }
  });

  it("has its peak at the middle of the place that carries the share", () => {
    // Places are 8 pixels wide and 4 high: the middle of row 1, column 2 lies at x 16..23, y 4..7.
    const { values } = heatMapOf([grid(3, 4, (row, column) => Number(row === 1 && column === 2))], {
      width: 32,
      height: 12,
    });
    const peaks = [...values.keys()].filter((at) => values[at]! > 0.97);
    expect(peaks.length).toBeGreaterThan(0);
    for (const at of peaks) {
      expect(Math.abs((at % 32) - 19.5)).toBeLessThan(4);
      expect(Math.abs(Math.floor(at / 32) - 5.5)).toBeLessThan(2);
    }
  });

  it("removes the pattern that stride 2 leaves on a finer grid", () => {
    const even = grid(4, 4, () => 1);
    const everySecond = grid(8, 8, (row, column) => Number(row % 2 === 0 && column % 2 === 0));
    const { values } = heatMapOf([even, everySecond], { width: 32, height: 32 });
    // Only at the border, which is repeated outwards, every second place cannot even out.
    const inner = [...values.keys()].filter((at) =>
      [at % 32, Math.floor(at / 32)].every((place) => place > 11 && place < 20),
    );
    const heats = inner.map((at) => values[at]!);
    expect(Math.max(...heats) - Math.min(...heats)).toBeLessThan(1e-6);
  });

  it("weighs grids that share out the same score alike, whatever their size", () => {
    const left = grid(4, 4, (_, column) => (column < 2 ? 1 / 8 : 0));
    const right = grid(8, 8, (_, column) => (column < 4 ? 0 : 1 / 32));
    const { values } = heatMapOf([left, right], { width: 16, height: 16 });
    // As far from the middle as splines reach, both halves are as hot.
    for (let row = 0; row < 16; row++) expect(values[row * 16]).toBeCloseTo(values[row * 16 + 15]!, 6);
    expect(values[0]).toBeGreaterThan(0.9);
  });
});
