import { describe, expect, it } from "vitest";
import { pictureOutcomes } from "./picture-outcomes.ts";
import { thresholdTable } from "./thresholds.ts";
import { mostConfidentlyWrong } from "./wrong-pictures.ts";

/** Two classes; the first's probability, and what the picture is. */
const pictures = [
  [0.97, 0],
  [0.85, 0],
  [0.75, 1],
  [0.4, 0],
  [0.2, 1],
  [0.08, 1],
] as const;
const answers = {
  logits: Float32Array.from(pictures.flatMap(([probability]) => [Math.log(probability), Math.log(1 - probability)])),
  targets: pictures.map(([, target]) => target),
};
const outcomes = pictureOutcomes(answers);
const labels = ["cat", "dog"];

describe("outcomes", () => {
  it("hold answer, confidence and the right class' probability", () => {
    expect(outcomes[2]).toMatchObject({ target: 1, answer: 0, isRight: false });
    expect(outcomes[2]!.confidence).toBeCloseTo(0.75, 6);
    expect(outcomes[2]!.targetProbability).toBeCloseTo(0.25, 6);
    expect(outcomes.map(({ isRight }) => isRight)).toEqual([true, true, false, false, true, true]);
  });
});

describe("the table of thresholds", () => {
  it("counts what is kept, how much of it is right, and precision and recall of two classes", () => {
    const [row] = thresholdTable(outcomes, labels, [0.7]);
    expect(row).toMatchObject({ threshold: 0.7, kept: 5, coverage: 5 / 6, accuracy: 4 / 5 });
    expect(row!.interval!.low).toBeLessThan(4 / 5);
    // Of three called cat two are; of three cats two are kept and called so.
    expect(row!.classes).toEqual([
      { label: "cat", precision: 2 / 3, recall: 2 / 3 },
      { label: "dog", precision: 1, recall: 2 / 3 },
    ]);
  });

  it("begins at the highest threshold that keeps every answer", () => {
    expect(thresholdTable(outcomes, labels).map(({ threshold }) => threshold)).toEqual([
      0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999,
    ]);
  });

  it("has no accuracy where nothing is kept, and no classes for more than two", () => {
    const [row] = thresholdTable(outcomes, labels, [0.99]);
    expect(row).toEqual({
      threshold: 0.99,
      kept: 0,
      coverage: 0,
      classes: [
        { label: "cat", recall: 0 },
        { label: "dog", recall: 0 },
      ],
    });
    expect(thresholdTable(outcomes, ["a", "b", "c"], [0.5])[0]).not.toHaveProperty("classes");
  });

  it("can be made of no answers", () => {
    expect(thresholdTable([], labels)).toEqual([
      { threshold: 0.999, kept: 0, coverage: 0, classes: [{ label: "cat" }, { label: "dog" }] },
    ]);
  });
});

describe("the most confidently wrong pictures", () => {
  const ids = pictures.map((_, at) => `${at}.jpg`);

  it("come with the surest mistake first, and no right answer among them", () => {
    const wrong = mostConfidentlyWrong(outcomes, labels, ids, 10);
    expect(wrong.map(({ id, label, answer, row }) => ({ id, label, answer, row }))).toEqual([
      { id: "2.jpg", label: "dog", answer: "cat", row: 2 },
      { id: "3.jpg", label: "cat", answer: "dog", row: 3 },
    ]);
    expect(wrong[1]!.confidence).toBeCloseTo(0.6, 6);
    expect(wrong[1]!.labelProbability).toBeCloseTo(0.4, 6);
  });

  it("are no more than asked for", () => {
    expect(mostConfidentlyWrong(outcomes, labels, ids, 1)).toHaveLength(1);
    expect(mostConfidentlyWrong(outcomes.slice(0, 2), labels, ids, 5)).toEqual([]);
  });
});
