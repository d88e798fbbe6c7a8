import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import { adviseRate, createMean, type RatePoint, weightOfNewest } from "./find-rate-rules.ts";

const steps = 120;
const rates = Array.from({ length: steps }, (_, at) => 10 ** ((6 * at) / (steps - 1) - 6));

/** A test whose losses at each rate are these, smoothed as a range test smooths them. */
function test(lossAt: (logRate: number) => number): readonly RatePoint[] {
  const meanOf = createMean(weightOfNewest(rates[1]! / rates[0]!));
  return rates.map((learningRate) => {
    const loss = lossAt(Math.log10(learningRate));
    return { learningRate, loss, smoothedLoss: meanOf(loss) };
  });
}

/** Falls from 2.3 to 0.3, fastest at the middle; rises again from 0.1 on. */
const slope = (middle: number) => (logRate: number) =>
  0.3 + 2 / (1 + Math.exp(6 * (logRate - middle))) + Math.max(0, 8 * (logRate + 1));

describe("the advice of a range test", () => {
  it("is the rate at which the loss falls fastest, as the mean shows it: up to 0.75 decades later", () => {
    for (const middle of [-4, -3, -2]) {
      const { suggestion, rules } = adviseRate(test(slope(middle)))!;
      expect(suggestion).toBe(rules.steepest);
      expect(Math.log10(suggestion)).toBeGreaterThan(middle);
      expect(Math.log10(suggestion)).toBeLessThan(middle + 0.75);
    }
  });

  it("names a tenth of the rate of the lowest loss, the middle of the longest fall, and the range of the fall", () => {
    const points = test(slope(-3));
    const lowest = points.toSorted((a, b) => a.smoothedLoss - b.smoothedLoss)[0]!;
    const { rules, range } = adviseRate(points)!;
    expect(rules.tenthOfMinimum).toBe(lowest.learningRate / 10);
    expect(range.to).toBe(lowest.learningRate);
    // A tenth of the fall lies near 10^-3.4.
    expect(Math.log10(range.from)).toBeCloseTo(-3.2, 0);
    // The loss falls from the first rate to the lowest: the point halfway between them.
    expect(Math.log10(rules.valley)).toBeGreaterThan(-4.5);
    expect(rules.valley).toBeLessThan(rules.steepest);
  });

  it("is not led astray by the noise of single losses", () => {
    const random = createRandom(4);
    const { suggestion } = adviseRate(test((logRate) => slope(-2.5)(logRate) + 0.2 * random.normal()))!;
    expect(Math.log10(suggestion)).toBeGreaterThan(-2.8);
    expect(Math.log10(suggestion)).toBeLessThan(-1.8);
  });

  it("is none where the loss does not clearly fall", () => {
    const random = createRandom(4);
    expect(adviseRate(test(() => 0.7 + 0.03 * random.normal()))).toBeUndefined();
    expect(adviseRate(test((logRate) => 7 + logRate))).toBeUndefined();
    expect(adviseRate(test(slope(-3)).slice(0, 5))).toBeUndefined();
    expect(adviseRate([])).toBeUndefined();
  });

  it("looks back over the same range of rates, however many steps there are", () => {
    // Two steps at half the distance weigh as much as one.
    const [one, half] = [weightOfNewest(10 ** 0.1), weightOfNewest(10 ** 0.05)];
    expect((1 - half) ** 2).toBeCloseTo(1 - one, 12);
  });
});
