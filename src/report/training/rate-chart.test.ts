import { expect, it } from "vitest";
import { renderChart } from "../charts/chart.ts";
import { rateChart } from "./rate-chart.ts";

const points = Array.from({ length: 20 }, (_, at) => ({ learningRate: 10 ** (at / 4 - 5), smoothedLoss: 2 - at / 20 }));

it("draws the loss over the rate, and marks the rate that is suggested", async () => {
  const svg = await renderChart(rateChart(points, 0.01));
  expect(svg).toContain("it falls fastest at 0.010");
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(1);
  expect(svg).toContain(">learning rate<");
  expect(svg).toContain(">Loss at growing learning rates<");
});

it("marks nothing where no rate is suggested", async () => {
  expect(await renderChart(rateChart(points, undefined))).not.toContain("stroke-dasharray");
});
