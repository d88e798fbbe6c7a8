import { expect, it } from "vitest";
import { renderChart } from "../charts/chart.ts";
import { trainingChart } from "./training-chart.ts";

const history = Array.from({ length: 6 }, (_, at) => ({
  epoch: at + 1,
  trainAccuracy: 0.6 + at / 20,
  validationAccuracy: [0.6, 0.7, 0.8, 0.85, 0.8725, 0.86][at]!,
  durationMs: 90_000,
}));

it("draws accuracy over minutes, and marks the best epoch", async () => {
  const svg = await renderChart(trainingChart(history, 5));
  expect(svg).toContain("6 epochs, the best of validation 87.25 % in epoch 5");
  expect(svg).toContain(">Accuracy over minutes of training<");
  // In the title, never on a line.
  expect(svg.match(/>[^<]*87\.25[^<]*</g)).toEqual([
    expect.stringContaining("Accuracy over"),
    ">the best of validation 87.25 % in epoch 5<",
  ]);
  const [line] = /<path d="(M[^"]+)" stroke="var\(--series-1/.exec(svg)!.slice(1);
  expect(line!.split("L")).toHaveLength(6);
});

it("counts seconds where a training was short, and shows a single epoch as points", async () => {
  const svg = await renderChart(trainingChart([{ ...history[0]!, durationMs: 900 }], 1));
  expect(svg).toContain(">Accuracy over seconds of training<");
  expect(svg).toContain("1 epoch, the best of validation 60.00 %");
  expect(svg.match(/<path[^>]*fill="var\(--series-/g)!.length).toBeGreaterThanOrEqual(2);
});

it("draws nothing but axes where no epoch came to its end", async () => {
  expect(await renderChart(trainingChart([], 0))).toContain("0 epochs.");
});
