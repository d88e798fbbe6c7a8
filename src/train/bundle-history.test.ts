import { expect, it } from "vitest";
import { maximumHistory } from "../bundle/bundle.ts";
import { bundleHistory } from "./bundle-history.ts";
import type { EpochMetrics } from "./fit/fit-options.ts";

function epochs(count: number): readonly EpochMetrics[] {
  return Array.from({ length: count }, (_, at) => ({
    epoch: at + 1,
    trainLoss: 2 / 3,
    trainAccuracy: 0.5,
    validationLoss: 1 / 3,
    validationAccuracy: 0.75,
    learningRate: 0.0012345678,
    imagesPerSecond: 12.5,
    durationMs: 1000 + at,
  }));
}

it("keeps every epoch of a usual training, without what differs from machine to machine", () => {
  const history = bundleHistory(epochs(maximumHistory - 1), 3);
  expect(history).toHaveLength(maximumHistory - 1);
  expect(history[0]).toEqual({
    epoch: 1,
    trainLoss: 0.666667,
    trainAccuracy: 0.5,
    validationLoss: 0.333333,
    validationAccuracy: 0.75,
    learningRate: 0.00123457,
  });
});

it.each([400, 401, 799, 10_000])(
  "keeps first, last and best of %i epochs, and no more than a bundle takes",
  (count) => {
    for (const best of [1, 2, Math.floor(count / 3), count - 1, count]) {
      const history = bundleHistory(epochs(count), best);
      expect(history.length).toBeLessThanOrEqual(maximumHistory);
      expect(history.length).toBeGreaterThan(maximumHistory / 2);
      const numbers = history.map(({ epoch }) => epoch);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect([numbers[0], numbers.at(-1), numbers.includes(best)]).toEqual([1, count, true]);
    }
  },
);

it("is empty for a training without epochs", () => expect(bundleHistory([], 0)).toEqual([]));
