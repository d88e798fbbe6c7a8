import { expect, it } from "vitest";
import type { LatencyFigures } from "../../metrics/latency-figures.ts";
import { type ModelFigures, ratiosOf, reasonsAgainst } from "./quantized-figures.ts";

function figures(accuracy: number, oneMs: number, batchMs: number, sizeBytes = 400): ModelFigures {
  const timed = (batchSize: number, medianMs: number): LatencyFigures => ({
    ...{ batchSize, calls: 9, medianMs, p95Ms: medianMs, picturesPerSecond: (1000 * batchSize) / medianMs },
  });
  return { accuracy, loss: 0.5, sizeBytes, latency: { one: timed(1, oneMs), batch: timed(32, batchMs) } };
}

it("tells how many times faster and smaller the quantised model is", () => {
  expect(ratiosOf(figures(0.9, 8, 32), figures(0.9, 2, 32, 100))).toEqual({ one: 4, batch: 1, speed: 2, size: 4 });
});

it.each([
  [figures(0.9, 2, 32), 0.01, []],
  [figures(0.89, 2, 32), 0.01, []],
  [figures(0.95, 8, 32), 0.01, ["it is 1.00 times as fast on this machine, and 1.05 is the least that counts"]],
  [figures(0.88, 2, 32), 0.01, ["it loses 2.00 points of accuracy, and at most 1.00 may be lost"]],
  [figures(0.88, 2, 32), 0.02, []],
  [figures(0.88, 16, 32), 0, [expect.stringContaining("0.71 times"), expect.stringContaining("at most 0.00")]],
])("keeps the float model for reasons: %#", (int8, maxLoss, reasons) => {
  expect(reasonsAgainst(figures(0.9, 8, 32), int8, maxLoss)).toEqual(reasons);
});
