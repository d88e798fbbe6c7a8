import { expect, it } from "vitest";
import { renderChart } from "../charts/chart.ts";
import { rateChart } from "./rate-chart.ts";

const points = Array.from({ length: 20 }, (_, at) => ({ learningRate: 10 ** (at / 4 - 5), smoothedLoss: 2 - at / 20 }));
const advice = { suggestion: 0.01, range: { from: 0.001, to: 0.1 } };

it("draws the loss over the rate, and marks the range, the suggested rate and the usual one", async () => {
  const svg = await renderChart(rateChart(points, { advice, usualRate: 0.003 }));
  expect(svg).toContain("it falls from 0.001 to 0.1, and 0.01 is suggested");
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
  for (const text of [">suggested 0.01<", ">train uses 0.003<", "learning rate"]) expect(svg).toContain(text);
});

it("marks the usual rate alone where none is suggested, and nothing outside of what was tested", async () => {
  const svg = await renderChart(rateChart(points, { advice: undefined, usualRate: 0.003 }));
  expect(svg).toContain("it does not clearly fall");
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(1);
  const few = await renderChart(rateChart(points.slice(0, 4), { advice: undefined, usualRate: 0.1 }));
  expect(few).not.toContain("stroke-dasharray");
  expect(svg).toContain(">Loss at growing learning rates<");
});
