import { describe, expect, it } from "vitest";
import { evaluateAnswers } from "../../metrics/classification-metrics.ts";
import { createStyle } from "../frame/console.ts";
import { evaluationText } from "./evaluation-text.ts";

const style = createStyle(false);

/** An evaluation in which picture i of class t was answered as `answers[t][i]`. */
function evaluationOf(labels: readonly string[], answers: readonly (readonly number[])[]) {
  const targets = answers.flatMap((row, target) => row.map(() => target));
  const logits = answers.flat().flatMap((answer) => labels.map((_, index) => (index === answer ? 4 : 0)));
  return evaluateAnswers({ logits: Float32Array.from(logits), targets }, labels);
}

describe("an evaluation as text", () => {
  it("has accuracy with its interval, a row for each class and the confusion matrix", () => {
    const evaluation = evaluationOf(
      ["cat", "dog"],
      [
        [0, 0, 1, 0],
        [1, 1],
      ],
    );
    expect(evaluationText("the test split", evaluation, style)).toBe(
      [
        "Accuracy on the test split: 83.33 %  (95 % interval 43.65 to 96.99 %)",
        "6 pictures, loss 0.6848",
        "",
        "CLASS  PICTURES  PRECISION    RECALL      F1",
        "cat           4   100.00 %   75.00 %  0.8571  █████████████████▏░░",
        "dog           2    66.67 %  100.00 %  0.8000  ████████████████░░░░",
        "",
        "Confusion (rows: what it is; columns: what was answered)",
        "     cat  dog",
        "cat    3    1",
        "dog    0    2",
      ].join("\n"),
    );
  });

  it("lists the commonest confusions where a matrix would be too wide", () => {
    const labels = Array.from({ length: 13 }, (_, index) => `class${index}`);
    const right = labels.map((_, index) => [index]);
    expect(evaluationText("all pictures", evaluationOf(labels, right), style)).toContain(
      "No picture was taken for another class.",
    );
    const wrong = right.map((row, index) => (index === 3 ? [3, 5, 5] : index === 4 ? [2] : row));
    const text = evaluationText("all pictures", evaluationOf(labels, wrong), style);
    expect(text).toContain("Commonest confusions\n2 x  class3  taken for  class5\n1 x  class4  taken for  class2");
  });

  it("has the top-5 accuracy where there are more than five classes", () => {
    const labels = ["a", "b", "c", "d", "e", "f"];
    // Where the answer is another class, the others follow in their order: f comes last of them.
    const evaluation = evaluationOf(labels, [[0], [0], [2], [3], [4], [0]]);
    expect(evaluationText("the test split", evaluation, style)).toMatch(
      /^Accuracy .*66\.67 % .*\n6 pictures, top-5 accuracy 83\.33 %, loss /,
    );
  });
});
