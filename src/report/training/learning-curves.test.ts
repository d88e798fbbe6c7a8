import { describe, expect, it } from "vitest";
import { renderChart } from "../charts/chart.ts";
import { learningCharts, learningSection } from "./learning-curves.ts";

const history = [1, 2, 3].map((epoch) => ({
  epoch,
  trainLoss: 1 / epoch,
  trainAccuracy: 0.5 + epoch / 10,
  validationLoss: 1.1 / epoch,
  validationAccuracy: 0.5 + epoch / 20,
  learningRate: 0.001 * (4 - epoch),
}));

describe("learning curves", () => {
  it("show loss, accuracy and learning rate, and mark the epoch whose weights were kept", async () => {
    const section = await learningSection(history, 2);
    const body = String(section?.body);
    expect(body).toContain("3 epochs. The weights of epoch 2, with the best validation");
    expect(body).toContain("60.00 %");
    expect(body.match(/<svg role="img"/g)).toHaveLength(3);
    expect(body.match(/stroke-dasharray/g)).toHaveLength(3);
    for (const title of ["loss over 3 epochs: validation and training", "learning rate over 3 epochs"]) {
      expect(body).toContain(title);
    }
  });

  it("name the epochs of the whole training where only some were kept", async () => {
    const resumed = history.map((row) => ({ ...row, epoch: row.epoch + 4 }));
    expect(String((await learningSection(resumed, 6))?.body)).toContain("loss over 7 epochs");
  });

  it("say nothing of a best epoch that is not known, and are absent without a history", async () => {
    expect(String((await learningSection(history, undefined))?.body)).not.toContain("were kept");
    expect(await learningSection(undefined, 1)).toBeUndefined();
    expect(await learningSection([], 1)).toBeUndefined();
  });

  it("show a single epoch as points", async () => {
    const svgs = await Promise.all(learningCharts(history.slice(0, 1), 1).map(renderChart));
    for (const svg of svgs) expect(svg).toMatch(/<path[^>]*d="[^"]*A/);
  });
});
