import { describe, expect, it } from "vitest";
import { createRandom } from "../base/random.ts";
import { compareIndependent, comparePaired } from "./sequential-test.ts";

const looks = 1500;

/** How many of `runs` sequences say something other than `unknown` at any of their looks. */
function verdictsOf(runs: number, first: number, second: number, isPaired: boolean) {
  const random = createRandom(4);
  const verdicts = { better: 0, worse: 0, unknown: 0 };
  for (let run = 0; run < runs; run++) {
    const counts = [0, 0, 0, 0] as [number, number, number, number];
    let verdict: keyof typeof verdicts = "unknown";
    for (let look = 1; look <= looks && verdict === "unknown"; look++) {
      const [a, b] = [random.next() < first, random.next() < second];
      counts[0] += Number(a && !b);
      counts[1] += Number(b && !a);
      counts[2] += Number(a);
      counts[3] += Number(b);
      if (look % 10 > 0) continue;
      const alike = look - counts[0] - counts[1];
      verdict = (
        isPaired
          ? comparePaired({ onlyFirstRight: counts[0], onlySecondRight: counts[1], alike })
          : compareIndependent({ right: counts[2], count: look }, { right: counts[3], count: look })
      ).verdict;
    }
    verdicts[verdict]++;
  }
  return verdicts;
}

describe.each([
  ["independent", false],
  ["paired", true],
])("models on %s pictures", (_, isPaired) => {
  it("that are alike are told apart in at most 5 of 100 sequences, though each is looked at 150 times", () => {
    const { better, worse } = verdictsOf(100, 0.85, 0.85, isPaired);
    expect(better + worse).toBeLessThanOrEqual(5);
  });

  it("that differ are told apart, the right way round", () => {
    expect(verdictsOf(20, 0.75, 0.88, isPaired)).toEqual({ better: 20, worse: 0, unknown: 0 });
    expect(verdictsOf(20, 0.88, 0.75, isPaired)).toEqual({ better: 0, worse: 20, unknown: 0 });
  });
});

it("knows nothing without labels, and holds the difference that it saw", () => {
  expect(compareIndependent({ right: 0, count: 0 }, { right: 0, count: 0 })).toEqual({
    difference: 0,
    interval: { low: -1, high: 1 },
    verdict: "unknown",
  });
  expect(comparePaired({ onlyFirstRight: 0, onlySecondRight: 0, alike: 0 }).verdict).toBe("unknown");
  for (const [right, count] of [
    [0, 10],
    [10, 10],
    [900_000, 1_000_000],
  ] as const) {
    const { difference, interval } = compareIndependent({ right: 5, count: 10 }, { right, count });
    expect(interval.low).toBeLessThanOrEqual(difference);
    expect(interval.high).toBeGreaterThanOrEqual(difference);
    expect(Math.abs(interval.high)).toBeLessThanOrEqual(1);
  }
  const { interval } = comparePaired({ onlyFirstRight: 0, onlySecondRight: 30, alike: 0 });
  expect(interval.low).toBeGreaterThan(0.4);
  expect(interval.high).toBeCloseTo(1, 6);
});

it("needs fewer labels where the pictures are the same", () => {
  // 90 of 100 alike: what is hard for both is no noise.
  const paired = comparePaired({ onlyFirstRight: 10, onlySecondRight: 40, alike: 450 });
  const independent = compareIndependent({ right: 400, count: 500 }, { right: 430, count: 500 });
  expect(paired.verdict).toBe("better");
  expect(independent.verdict).toBe("unknown");
  expect(paired.difference).toBeCloseTo(independent.difference, 12);
});
