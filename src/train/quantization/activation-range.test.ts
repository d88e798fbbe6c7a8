import { describe, expect, it } from "vitest";
import { chooseRange, rangeMethods } from "./activation-range.ts";
import type { ActivationHistogram } from "./calibrate.ts";

/** Parts of the range with how often values fell into them, by position. */
function histogram(low: number, high: number, bins: number, counts: Readonly<Record<number, number>>) {
  const found: ActivationHistogram = { low, high, counts: new Float64Array(bins) };
  for (const [at, count] of Object.entries(counts)) found.counts[Number(at)] = count;
  return found;
}

describe("the range of activations", () => {
  it("is all that was seen, with zero, by least and greatest value", () => {
    expect(chooseRange(histogram(2, 8, 4, { 0: 1, 3: 1 }), "minmax")).toEqual({ low: 0, high: 8 });
    expect(chooseRange(histogram(-8, -2, 4, { 0: 1, 3: 1 }), "minmax")).toEqual({ low: -8, high: 0 });
  });

  it("leaves out 1 in 10,000 values by percentile, half of them at each end", () => {
    const counts = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [at, 1000]));
    const both = histogram(-50, 50, 100, { ...counts, 0: 4, 99: 4 });
    expect(chooseRange(both, "percentile")).toEqual({ low: -49, high: 49 });
    const positive = histogram(0, 100, 100, { ...counts, 99: 9 });
    expect(chooseRange(positive, "percentile")).toEqual({ low: 0, high: 99 });
    expect(chooseRange(histogram(0, 100, 100, { ...counts, 99: 200 }), "percentile")).toEqual({ low: 0, high: 100 });
  });

  it("gives up one value far away for finer steps by squared error, and nothing where values are even", () => {
    const lonely = histogram(0, 10, 2000, Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [at, 1e6])));
    lonely.counts[1999] = 1;
    expect(chooseRange(lonely, "mse").high).toBeLessThan(6);
    const even = histogram(0, 10, 2000, Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [at, 1000])));
    expect(chooseRange(even, "mse").high).toBeGreaterThan(9.8);
  });

  it.each(rangeMethods)("has no width where all values are zero, by %s", (method) => {
    expect(chooseRange(histogram(0, 0, 8, { 0: 9 }), method)).toEqual({ low: 0, high: 0 });
  });
});
