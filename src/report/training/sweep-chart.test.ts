import { expect, it } from "vitest";
import { renderChart } from "../charts/chart.ts";
import { sweepChart } from "./sweep-chart.ts";

const trials = [
  { trial: 0, settings: { learningRate: 0.001, architecture: "cnn" }, validationAccuracy: 0.8 },
  { trial: 1, settings: { learningRate: 0.1, architecture: "resnet" }, validationAccuracy: 0.9 },
  { trial: 2, settings: { learningRate: 0.01, architecture: "cnn" }, validationAccuracy: 0.85 },
];

it("draws an axis for each setting and for the accuracy, with its values, and names the best trial", async () => {
  const svg = await renderChart(sweepChart(trials, ["learningRate", "architecture"]));
  expect(svg).toContain(
    "Accuracy of 3 trials by their settings (learningRate, architecture); trial 1 is the best: 90.00 %.",
  );
  expect(svg).toContain(">Accuracy of 3 trials by their settings<");
  expect(svg).toContain(">trial 1 is the best: 90.00 %<");
  for (const text of [
    "learningRate",
    "architecture",
    "accuracy",
    "0.001",
    "0.1",
    "cnn",
    "resnet",
    "80.00 %",
    "90.00 %",
  ]) {
    expect(svg).toContain(`>${text}<`);
  }
});

it("puts values of different sizes apart by their logarithm, and draws better trials above others", () => {
  const { layer } = sweepChart(trials, ["learningRate"]) as unknown as {
    readonly layer: readonly {
      readonly data: { readonly values: readonly { trial: number; axis: string; place: number; strength: number }[] };
    }[];
  };
  const lines = layer[0]!.data.values.filter(({ axis }) => axis === "learningRate");
  expect(lines.map(({ trial, place }) => [trial, place])).toEqual([
    [0, 0],
    [2, expect.closeTo(0.5, 9)],
    [1, 1],
  ]);
  expect(lines.map(({ strength }) => strength)).toEqual([0, 0.5, 1]);
});

it("draws a single trial", async () => {
  expect(await renderChart(sweepChart(trials.slice(0, 1), ["learningRate"]))).toContain(
    ">Accuracy of 1 trial by their settings<",
  );
});
