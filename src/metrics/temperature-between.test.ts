import { describe, expect, it } from "vitest";
import { scoredAnswers } from "../../tests/fixtures/scored-answers.ts";
import { probabilitiesOf } from "./classification-metrics.ts";
import { temperatureBetween } from "./temperature-between.ts";

const { logits } = scoredAnswers;
const softmaxAt = (temperature: number): Float32Array =>
  Float32Array.from(
    Array.from({ length: logits.length / 3 }, (_, row) =>
      probabilitiesOf(logits.subarray(3 * row, 3 * row + 3).map((logit) => logit / temperature)),
    ).flat(),
  );

describe("the temperature between logits and probabilities", () => {
  it.each([0.3, 0.75, 1.4, 6])("is read off float32 answers: %d", (temperature) => {
    // Probabilities near 1 keep seven digits, their distance from 1 fewer.
    expect(temperatureBetween(logits, softmaxAt(temperature), 3)).toBeCloseTo(temperature, 4);
  });

  it("is exactly 1 where probabilities are the plain softmax", () => {
    expect(temperatureBetween(logits, softmaxAt(1), 3)).toBe(1);
  });

  it("is 1 where answers do not tell: all the same, or all sure", () => {
    expect(temperatureBetween(new Float32Array(3), Float32Array.of(1 / 3, 1 / 3, 1 / 3), 3)).toBe(1);
    expect(temperatureBetween(Float32Array.of(90, 0, 0), Float32Array.of(1, 0, 0), 3)).toBe(1);
    expect(temperatureBetween(new Float32Array(0), new Float32Array(0), 3)).toBe(1);
  });
});
