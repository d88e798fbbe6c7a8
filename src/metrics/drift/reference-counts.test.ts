import fc from "fast-check";
import { expect, it } from "vitest";
import { kolmogorovSmirnovDistance } from "./kolmogorov-smirnov.ts";
import { ReferenceCounts } from "./reference-counts.ts";
import { countByEdges, populationStabilityIndex, quantileEdges } from "./share-distances.ts";

const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -5, max: 5, noNaN: true }));

it("gives what both samples give as a whole, also with ties", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), fc.array(value, { minLength: 1 }), (sample, values) => {
      const counts = new ReferenceCounts(sample);
      for (const one of values) counts.add(one);
      const [before, now] = [Float64Array.from(sample).sort(), Float64Array.from(values).sort()];
      const edges = quantileEdges(before);
      expect(counts.kolmogorovSmirnov).toBeCloseTo(kolmogorovSmirnovDistance(before, now), 12);
      expect(counts.stabilityIndex).toBeCloseTo(
        populationStabilityIndex(countByEdges(sample, edges), countByEdges(values, edges)),
        12,
      );
      expect(counts.mean).toBeCloseTo(values.reduce((sum, one) => sum + one, 0) / values.length, 12);
      expect(counts.count).toBe(values.length);
    }),
    { numRuns: 500 },
  );
});

it("counts no value that is none", () => {
  const counts = new ReferenceCounts([1, 2]);
  counts.add(Number.NaN);
  expect([counts.count, counts.mean, counts.kolmogorovSmirnov]).toEqual([0, undefined, 0]);
});
