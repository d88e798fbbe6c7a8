import { describe, expect, it } from "vitest";
import { evaluateAnswers, logSumExp, probabilitiesOf, wilsonInterval } from "./classification-metrics.ts";

describe("evaluation of answers", () => {
  // Six pictures of three classes; answers 0 0 1 1 1 2 against targets 0 1 1 1 2 2.
  const logits = Float32Array.of(2, 0, 0, 1, 0, 0, 0, 3, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1);
  const evaluation = evaluateAnswers({ logits, targets: [0, 1, 1, 1, 2, 2] }, ["cat", "dog", "owl"]);

  it("counts who was taken for whom", () => {
    expect(evaluation.confusion).toEqual([
      [1, 0, 0],
      [1, 2, 0],
      [0, 1, 1],
    ]);
    expect(evaluation.count).toBe(6);
    expect(evaluation.accuracy).toBeCloseTo(4 / 6, 12);
  });

  it("gives precision, recall and F1 of each class", () => {
    const [cat, dog, owl] = evaluation.classes;
    expect(cat).toEqual({ label: "cat", count: 1, precision: 1 / 2, recall: 1, f1: 2 / 3 });
    expect(dog).toEqual({ label: "dog", count: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
    expect(owl).toEqual({ label: "owl", count: 2, precision: 1, recall: 1 / 2, f1: 2 / 3 });
  });

  it("averages the negative logarithm of the target's probability", () => {
    const row = (scores: number[], target: number) =>
      Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - scores[target]!;
    const rows = [
      row([2, 0, 0], 0),
      row([1, 0, 0], 1),
      row([0, 3, 0], 1),
      row([0, 1, 0], 1),
      row([0, 1, 0], 2),
      row([0, 0, 1], 2),
    ];
    expect(evaluation.loss).toBeCloseTo(rows.reduce((sum, value) => sum + value, 0) / 6, 6);
  });

  it("gives zeros, not NaN, for a class that is never there and never answered", () => {
    const { classes } = evaluateAnswers({ logits: Float32Array.of(1, 0), targets: [0] }, ["cat", "dog"]);
    expect(classes[1]).toEqual({ label: "dog", count: 0, precision: 0, recall: 0, f1: 0 });
  });

  it("counts targets among the five highest logits where there are more than five classes", () => {
    const labels = ["a", "b", "c", "d", "e", "f", "g"];
    const scores = Float32Array.of(7, 6, 5, 4, 3, 2, 1);
    const five = (rows: readonly Float32Array[], targets: readonly number[]) => {
      const logits = Float32Array.from(rows.flatMap((row) => [...row]));
      return evaluateAnswers({ logits, targets }, labels).top5Accuracy;
    };
    expect(five([scores, scores, scores, scores], [0, 4, 5, 6])).toBe(1 / 2);
    // Of seven equal scores the first five count, as the first is the answer.
    const equal = new Float32Array(7);
    expect(five([equal, equal], [4, 5])).toBe(1 / 2);
    expect(five([new Float32Array(7).fill(Number.NaN)], [0])).toBe(0);
    expect(five([], [])).toBe(0);
    expect(evaluation).not.toHaveProperty("top5Accuracy");
    expect(evaluateAnswers({ logits: new Float32Array(5), targets: [4] }, labels.slice(0, 5))).not.toHaveProperty(
      "top5Accuracy",
    );
  });

  it("reports a NaN logit as a NaN loss", () => {
    expect(evaluateAnswers({ logits: Float32Array.of(Number.NaN, 0), targets: [0] }, ["cat", "dog"]).loss).toBeNaN();
  });

  it("refuses logits that do not belong to the targets", () => {
    expect(() => evaluateAnswers({ logits: new Float32Array(3), targets: [0, 1] }, ["cat", "dog"])).toThrow(
      "2 x 2 logits; got 3",
    );
  });
});

describe("probabilities", () => {
  it("sum to one and do not overflow", () => {
    expect(logSumExp(Float32Array.of(1000, 1000))).toBeCloseTo(1000 + Math.LN2, 9);
    const probabilities = probabilitiesOf(Float32Array.of(1000, 999, -1000));
    expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
    expect(probabilities[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 9);
  });
});

describe("Wilson's interval", () => {
  it("gives the published values", () => {
    // Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 -> 0.2553 to 0.3662; 0 of 20
    // -> 0 to 0.1611.
    const some = wilsonInterval(81, 263);
    expect(some.low).toBeCloseTo(0.2553, 4);
    expect(some.high).toBeCloseTo(0.3662, 4);
    const none = wilsonInterval(0, 20);
    expect(none.low).toBe(0);
    expect(none.high).toBeCloseTo(0.1611, 4);
  });

  it("says nothing after no trials", () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });
});
