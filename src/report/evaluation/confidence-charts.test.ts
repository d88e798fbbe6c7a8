import { describe, expect, it } from "vitest";
import { renderChart } from "../charts/chart.ts";
import { coverageChart, labelsApart } from "./confidence-charts.ts";

const point = (threshold: string, coverage: number, accuracy: number) => ({ threshold, coverage, accuracy });

describe("labels at the points of the threshold chart", () => {
  it("keeps the first of those that would lie on each other, and both ends", () => {
    const crowded = [
      point("0", 1, 0.8),
      point("0.5", 0.6, 0.9),
      point("0.9", 0.03, 1),
      point("0.98", 0.02, 1),
      point("0.99", 0.01, 1),
    ];
    expect(labelsApart(crowded, [0.7, 1]).map(({ threshold }) => threshold)).toEqual(["0", "0.99", "0.5"]);
  });

  it("leaves labels above each other, and those far apart", () => {
    const steep = [point("0", 0.1, 0.2), point("0.5", 0.09, 0.6), point("0.9", 0.08, 1)];
    expect(labelsApart(steep, [0, 1])).toHaveLength(3);
  });
});

it("draws the labels that are apart, each once on its rim", async () => {
  const rows = [0, 0.5, 0.99, 0.995].map((threshold, at) => {
    return { threshold, kept: 10 - at, coverage: at < 2 ? 1 - at / 2 : 0.01, accuracy: 0.9 };
  });
  const svg = await renderChart(coverageChart(rows));
  const count = (text: string): number => svg.match(new RegExp(`>${text}<`, "g"))?.length ?? 0;
  expect([count("0.5"), count("0.995"), count("0.99")]).toEqual([2, 2, 0]);
});
