import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import { drawBeta } from "./beta.ts";

describe("samples of Beta(a, b)", () => {
  it.each([
    [1, 1],
    [0.2, 0.2],
    [0.05, 0.05],
    [2, 5],
    [0.5, 3],
  ])("have its mean and variance: Beta(%s, %s)", (a, b) => {
    const random = createRandom(`beta ${a} ${b}`);
    const count = 20_000;
    const values = Array.from({ length: count }, () => drawBeta(random, a, b));
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    const wanted = { mean: a / (a + b), variance: (a * b) / ((a + b) ** 2 * (a + b + 1)) };
    // Four standard errors: of the mean sqrt(variance / count); of the variance at most variance
    // sqrt(2 / count), more for shapes with heavy ends, none of which has a fourth moment above 4
    // variances squared.
    expect(Math.abs(mean - wanted.mean)).toBeLessThan(4 * Math.sqrt(wanted.variance / count));
    expect(Math.abs(variance - wanted.variance)).toBeLessThan(4 * wanted.variance * Math.sqrt(3 / count));
  });

  it("are even over [0, 1] for Beta(1, 1)", () => {
    const random = createRandom("even");
    const cells = new Array<number>(10).fill(0);
    for (let at = 0; at < 10_000; at++) cells[Math.min(9, Math.floor(drawBeta(random, 1, 1) * 10))]!++;
    // 1000 expected with a standard deviation of 30.
    for (const count of cells) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  it("stay numbers from 0 to 1 where both gamma samples are too small for one", () => {
    const random = createRandom("small");
    const values = Array.from({ length: 1000 }, () => drawBeta(random, 1e-4, 1e-4));
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
    // Nearly all of them lie at one end, half at each.
    expect(values.filter((value) => value > 0.5).length).toBeGreaterThan(430);
    expect(values.filter((value) => value < 0.5).length).toBeGreaterThan(430);
  });
});
