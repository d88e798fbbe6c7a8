import { describe, expect, it } from "vitest";
import { confusionCells } from "./confusion-pictures.ts";

const outcome = (target: number, answer: number, confidence: number) => ({
  target,
  answer,
  confidence,
  isRight: target === answer,
  targetProbability: 0,
});
const idsOf = (rows: readonly unknown[]) => rows.map((_, at) => `${at}.jpg`);

describe("the cells of a confusion matrix", () => {
  it("hold the surest mistakes and the least sure right answers, fullest cells of mistakes first", () => {
    const outcomes = [
      outcome(0, 1, 0.6),
      outcome(0, 0, 0.9),
      outcome(1, 0, 0.7),
      outcome(0, 1, 0.8),
      outcome(0, 0, 0.55),
    ];
    const cells = confusionCells(outcomes, 2, idsOf(outcomes));
    expect(
      cells.map(({ target, answer, count, pictures }) => [target, answer, count, pictures.map(({ row }) => row)]),
    ).toEqual([
      [0, 1, 2, [3, 0]],
      [1, 0, 1, [2]],
      [0, 0, 2, [4, 1]],
    ]);
    expect(cells[0]!.pictures[0]).toEqual({ row: 3, id: "3.jpg", confidence: 0.8 });
  });

  it("stay bounded, whatever the classes and the mistakes", () => {
    for (const classes of [2, 10, 40, 1000]) {
      const outcomes = Array.from({ length: 20_000 }, (_, at) =>
        outcome(at % classes, (at * 7) % classes, (at % 100) / 100),
      );
      const cells = confusionCells(outcomes, classes, idsOf(outcomes));
      const wrong = cells.filter(({ target, answer }) => target !== answer);
      expect(wrong.length).toBeLessThanOrEqual(60);
      expect(cells.reduce((sum, { pictures }) => sum + pictures.length, 0)).toBeLessThanOrEqual(180 + 12 * 6);
      for (const { pictures } of cells) expect(pictures.length).toBeGreaterThan(0);
      if (classes > 12) expect(wrong).toHaveLength(cells.length);
    }
  });

  it("are none without pictures", () => expect(confusionCells([], 3, [])).toEqual([]));
});
