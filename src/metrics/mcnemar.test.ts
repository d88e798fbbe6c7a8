import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evenBinomialTest, holmCorrected, isWorseTest } from "./exact-tests.ts";
import { mcnemarTest } from "./mcnemar.ts";

describe("McNemar's test", () => {
  it.each([
    // scipy.stats.binomtest(b, b + c, 0.5).pvalue
    [1, 9, 0.021484375],
    [9, 1, 0.021484375],
    [7, 7, 1],
    [3, 12, 0.03515625],
    [0, 0, 1],
    [0, 1, 1],
  ])("is the exact binomial one for %i against %i", (first, second, pValue) => {
    const test = mcnemarTest(first, second);
    expect(test).toMatchObject({ onlyFirstRight: first, onlySecondRight: second, method: "exact binomial" });
    expect(test.pValue).toBeCloseTo(pValue, 12);
    expect(test).not.toHaveProperty("statistic");
  });

  it.each([
    // scipy.stats.chi2.sf((abs(b - c) - 1) ** 2 / (b + c), 1)
    [10, 30, 9.025, 0.002663119259138558],
    [150, 121, 2.892988929889299, 0.08896573517643748],
    [40, 41, 0, 1],
    [30, 30, 0, 1],
  ])("is the corrected chi-squared one for %i against %i", (first, second, statistic, pValue) => {
    const test = mcnemarTest(first, second);
    expect(test.method).toBe("chi-squared with continuity correction");
    expect(test.statistic).toBeCloseTo(statistic, 12);
    expect(test.pValue).toBeCloseTo(pValue, 13);
  });

  it("keeps its digits far out in the tail", () => {
    // scipy.stats.chi2.sf(194 ** 2 / 205, 1)
    expect(mcnemarTest(5, 200).pValue / 7.971979037901145e-42).toBeCloseTo(1, 9);
  });

  it("of both kinds agree about counts for which both hold", () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 300 }), fc.integer({ min: 40, max: 300 }), (first, second) => {
        const exact = evenBinomialTest(first, first + second);
        // The continuity correction is meant to meet the exact value; measured, the two differ by
        // less than this from 80 pictures on.
        expect(Math.abs(mcnemarTest(first, second).pValue - exact)).toBeLessThan(0.01);
      }),
    );
  });
});

describe("Fisher's exact test", () => {
  it.each([
    // scipy.stats.fisher_exact([[right, wrong], [right of the rest, wrong of the rest]],
    // alternative="less")[1]
    [30, 10, 950, 10, 4.4925141603689434e-10],
    [3, 2, 40, 5, 0.13795427514206424],
    [850, 150, 19000, 1000, 2.1590918080580296e-30],
  ])("is SciPy's for %i right and %i wrong against %i and %i", (right, wrong, restRight, restWrong, expected) => {
    const pValue = isWorseTest({ right, count: right + wrong }, { right: restRight, count: restRight + restWrong });
    expect(pValue / expected).toBeCloseTo(1, 8);
  });

  it("finds nothing where all are right, and in an empty group", () => {
    expect(isWorseTest({ right: 5, count: 5 }, { right: 20, count: 20 })).toBeCloseTo(1, 12);
    expect(isWorseTest({ right: 0, count: 0 }, { right: 3, count: 20 })).toBeCloseTo(1, 12);
  });
});

describe("Holm's correction", () => {
  it("multiplies each p-value by the number of those that are not smaller, and keeps their order", () => {
    const corrected = holmCorrected([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((expected, at) => {
      expect(corrected[at]).toBeCloseTo(expected, 14);
    });
    expect(holmCorrected([0.6, 0.9])).toEqual([1, 1]);
    expect(holmCorrected([])).toEqual([]);
  });
});
