import { describe, expect, it } from "vitest";
import { scoredAnswers, scoredFigures } from "../../tests/fixtures/scored-answers.ts";
import { analyseAnswers } from "./analyse-answers.ts";

const labels = ["cat", "dog", "owl"];
const ids = Array.from(scoredAnswers.targets, (_, at) => `${at}.jpg`);

describe("the analysis of answers", () => {
  it("has the figures of scikit-learn and SciPy", () => {
    const { evaluation, calibration, rankings, macro } = analyseAnswers(scoredAnswers, labels, { ids });
    expect(evaluation.accuracy).toBe(scoredFigures.accuracy);
    expect(evaluation.loss).toBeCloseTo(scoredFigures.logLoss, 12);
    expect(calibration.brierScore).toBeCloseTo(scoredFigures.brier, 12);
    expect(rankings.map(({ label }) => label)).toEqual(labels);
    expect(macro!.auc).toBeCloseTo(scoredFigures.macroAuc, 12);
  });

  it("shows the calibration before a temperature only where the bundle has one", () => {
    expect(analyseAnswers(scoredAnswers, labels, { ids })).not.toHaveProperty("uncalibrated");
    const temperature = 2;
    const divided = { ...scoredAnswers, logits: scoredAnswers.logits.map((logit) => logit / temperature) };
    const { calibration, uncalibrated } = analyseAnswers(divided, labels, { ids, temperature });
    expect(calibration.temperature).toBe(2);
    expect(uncalibrated!.temperature).toBe(1);
    expect(uncalibrated!.negativeLogLikelihood).toBeCloseTo(scoredFigures.logLoss, 12);
  });

  it("draws the worst classes, and leaves out those that no picture has", () => {
    const { curves, rankings } = analyseAnswers(scoredAnswers, labels, { ids });
    expect(curves.map(({ label }) => label)).toEqual(["dog", "owl", "cat"]);
    expect(rankings).toHaveLength(3);
    const two = { logits: Float32Array.of(1, 0, 0, 0, 2, 0), targets: [0, 1] };
    expect(analyseAnswers(two, labels, { ids }).rankings.map(({ label }) => label)).toEqual(["cat", "dog"]);
  });

  it("names no more wrong pictures than asked for", () => {
    const { wrong } = analyseAnswers(scoredAnswers, labels, { ids, wrongLimit: 3 });
    expect(wrong).toHaveLength(3);
    expect(analyseAnswers(scoredAnswers, labels, { ids }).wrong).toHaveLength(7);
  });

  it("goes on where a class alone is there, with no ranking", () => {
    const { macro, rankings } = analyseAnswers({ logits: Float32Array.of(1, 0), targets: [0] }, ["a", "b"], { ids });
    expect(macro).toBeUndefined();
    expect(rankings).toEqual([]);
  });
});
