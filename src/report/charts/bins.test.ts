import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BinScale, binEdges, clusterPoints, countInBins } from "./bins.ts";

describe("bins", () => {
  it("begin and end at round numbers", () => {
    expect(binEdges([3, 47], 10)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]);
    expect(binEdges([0.05, 0.42], 5)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  });

  it("grow by one ratio where the scale is logarithmic, leaving out what is not positive", () => {
    expect(binEdges([0, -3, 1, 1000], 3, "log").map((edge) => Math.round(edge))).toEqual([1, 10, 100, 1000]);
  });

  it("hold every value once, on both scales", () => {
    const values = fc.array(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.constantFrom<BinScale>("linear", "log"), (numbers, scale) => {
        const edges = binEdges(numbers, 20, scale);
        expect(edges.every((edge, at) => at === 0 || edge > edges[at - 1]!)).toBe(true);
        expect(countInBins(numbers, edges).reduce((sum, { count }) => sum + count, 0)).toBe(numbers.length);
      }),
      { numRuns: 60 },
    );
  });

  it("hold values that differ by rounding alone in one bin or two, with edges that can be told apart", () => {
    for (const scale of ["linear", "log"] as const) {
      const edges = binEdges([1e8, 1e8 + 2e-8, 1e8 + 4e-8], 20, scale);
      expect(edges.every((edge, at) => at === 0 || edge > edges[at - 1]!)).toBe(true);
      expect(edges.length).toBeLessThanOrEqual(21);
    }
  });

  it("are none for no values, and one around a value that stands alone", () => {
    expect(binEdges([], 10)).toEqual([]);
    expect(countInBins([1, 2], [])).toEqual([]);
    for (const value of [0, -7, 128]) {
      const bins = countInBins([value, value, Number.NaN], binEdges([value, value], 10));
      expect(bins.map(({ count }) => count)).toEqual([2]);
    }
  });
});

describe("clusters of points", () => {
  it("join equal points of a series and keep those of others apart", () => {
    const points = [
      { x: 128, y: 128, series: "cat" },
      { x: 128, y: 128, series: "cat" },
      { x: 128, y: 128, series: "dog" },
    ];
    expect(clusterPoints(points, 10)).toEqual([
      { x: 128, y: 128, series: "cat", count: 2 },
      { x: 128, y: 128, series: "dog", count: 1 },
    ]);
    expect(clusterPoints([], 10)).toEqual([]);
  });

  it("are at most so many, with every point counted and within the points' range", () => {
    const points = Array.from({ length: 100_000 }, (_, at) => ({
      x: (at * 7919) % 1000,
      y: (at * 104_729) % 997,
      series: at % 2 === 0 ? "a" : "b",
    }));
    const clusters = clusterPoints(points, 1500);
    expect(clusters.length).toBeLessThanOrEqual(1500);
    expect(clusters.length).toBeGreaterThan(300);
    expect(clusters.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
    expect(clusters.every(({ x, y }) => x >= 0 && x < 1000 && y >= 0 && y < 997)).toBe(true);
  });
});
