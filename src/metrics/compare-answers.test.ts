import { describe, expect, it } from "vitest";
import { compareAnswers } from "./compare-answers.ts";

/** Answers of two classes: the index that is answered, and how surely. */
function answersOf(given: readonly (readonly [answer: number, logit: number])[], targets: readonly number[]) {
  return {
    logits: Float32Array.from(given.flatMap(([answer, logit]) => (answer === 0 ? [logit, 0] : [0, logit]))),
    targets,
  };
}
const labels = ["cat", "dog"];
const ids = ["a", "b", "c", "d", "e"];

describe("two models on the same pictures", () => {
  const targets = [0, 0, 1, 1, 1];
  const first = answersOf(
    [
      [0, 2],
      [1, 1],
      [0, 3],
      [1, 1],
      [0, 1],
    ],
    targets,
  ); // right: a, d
  const second = answersOf(
    [
      [0, 1],
      [0, 1],
      [1, 2],
      [0, 2],
      [0, 2],
    ],
    targets,
  ); // right: a, b, c

  it("are told apart by the pictures that one alone got right", () => {
    const comparison = compareAnswers({ answers: first, labels }, { answers: second, labels }, ids);
    expect(comparison).toMatchObject({ count: 5, bothRight: 1, bothWrong: 1, isSignificant: false });
    expect(comparison.mcnemar).toMatchObject({ onlyFirstRight: 1, onlySecondRight: 2, pValue: 1 });
    expect(comparison.difference).toBeCloseTo(1 / 5, 12);
    // (c - b) / n +- 1.96 sqrt(b + c - (c - b)^2 / n) / n for b = 1, c = 2, n = 5
    const reach = (1.959964 * Math.sqrt(3 - 1 / 5)) / 5;
    expect(comparison.differenceInterval.low).toBeCloseTo(0.2 - reach, 12);
    expect(comparison.differenceInterval.high).toBeCloseTo(0.2 + reach, 12);
    // The surest mistake of the other first.
    expect(comparison.onlySecondRight.map(({ id }) => id)).toEqual(["c", "b"]);
    expect(comparison.onlyFirstRight).toMatchObject([
      { id: "d", label: "dog", firstAnswer: "dog", secondAnswer: "cat" },
    ]);
  });

  it("may count their classes in different orders", () => {
    const turned = answersOf(
      [
        [1, 1],
        [1, 1],
        [0, 2],
        [1, 2],
        [1, 2],
      ],
      targets.map((target) => 1 - target),
    );
    const comparison = compareAnswers({ answers: first, labels }, { answers: turned, labels: ["dog", "cat"] }, ids);
    expect(comparison.mcnemar).toMatchObject({ onlyFirstRight: 1, onlySecondRight: 2 });
    expect(comparison.onlySecondRight[0]).toMatchObject({ id: "c", firstAnswer: "cat", secondAnswer: "dog" });
  });

  it("that are one model do not differ", () => {
    const comparison = compareAnswers({ answers: first, labels }, { answers: first, labels }, ids);
    expect(comparison).toMatchObject({ difference: 0, differenceInterval: { low: 0, high: 0 }, onlyFirstRight: [] });
    expect(comparison.mcnemar.pValue).toBe(1);
  });

  it("differ significantly where one is right alone often enough", () => {
    const all = new Array<number>(40).fill(0);
    const good = answersOf(
      all.map(() => [0, 1]),
      all,
    );
    const bad = answersOf(
      all.map((_, at) => [at < 10 ? 1 : 0, 1]),
      all,
    );
    const comparison = compareAnswers({ answers: bad, labels }, { answers: good, labels }, all.map(String), 3);
    expect(comparison.isSignificant).toBe(true);
    expect(comparison.mcnemar.pValue).toBeCloseTo(2 / 2 ** 10, 12);
    expect(comparison.onlySecondRight).toHaveLength(3);
  });
});
