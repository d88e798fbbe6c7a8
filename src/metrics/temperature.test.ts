import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scoredAnswers, scoredFigures } from "../../tests/fixtures/scored-answers.ts";
import { calibrationOf } from "./calibration.ts";
import { indexOfLargest } from "./classification-metrics.ts";
import { fitTemperature, temperatureRange } from "./temperature.ts";

describe("a fitted temperature", () => {
  it("is where SciPy finds the least negative log-likelihood", () => {
    const { temperature, nllBefore, nllAfter } = fitTemperature(scoredAnswers);
    // SciPy's search stops when it moves by less than 1e-8 of the value.
    expect(temperature).toBeCloseTo(scoredFigures.temperature, 6);
    expect(nllBefore).toBeCloseTo(scoredFigures.logLoss, 12);
    expect(nllAfter).toBeCloseTo(scoredFigures.nllAtTemperature, 12);
  });

  it("makes three of four right answers 75 % sure", () => {
    const answers = { logits: Float32Array.of(4, 0, 4, 0, 4, 0, 4, 0), targets: [0, 0, 0, 1] };
    expect(fitTemperature(answers).temperature).toBeCloseTo(4 / Math.log(3), 10);
  });

  it("undoes a temperature that was put into calibrated logits", () => {
    const stretched = { ...scoredAnswers, logits: scoredAnswers.logits.map((value) => value * 8) };
    expect(fitTemperature(stretched).temperature).toBeCloseTo(8 * fitTemperature(scoredAnswers).temperature, 9);
  });

  it("lets right answers alone be as sure as their number is evidence for", () => {
    const answers = {
      logits: Float32Array.from({ length: 36 }, (_, at) => (at % 2 === 0 ? 1 : 0)),
      targets: new Int32Array(18),
    };
    const { temperature, nllAfter, nllBefore } = fitTemperature(answers);
    expect(calibrationOf(answers, temperature).meanConfidence).toBeCloseTo(19 / 20, 9);
    expect(nllAfter).toBeLessThan(nllBefore);
    const sure = { ...answers, logits: answers.logits.map((value) => value * 20) };
    expect(fitTemperature(sure).temperature).toBe(1);
  });

  it("stays in its range for answers that are no better than chance", () => {
    const wrong = { logits: Float32Array.of(2, 0, 2, 0, 1, 0), targets: [1, 1, 1] };
    expect(fitTemperature(wrong).temperature).toBeCloseTo(temperatureRange.highest, 12);
  });

  it("is 1 where there is nothing to fit", () => {
    expect(fitTemperature({ logits: new Float32Array(0), targets: [] })).toEqual({
      temperature: 1,
      nllBefore: 0,
      nllAfter: 0,
    });
    const { temperature, nllBefore } = fitTemperature({ logits: Float32Array.of(Number.NaN, 0), targets: [0] });
    expect([temperature, nllBefore]).toEqual([1, Number.NaN]);
  });

  const answers = fc
    .array(fc.tuple(fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -12, max: 12 }))), fc.nat(2)), {
      minLength: 1,
      maxLength: 25,
    })
    .map((rows) => ({
      logits: Float32Array.from(rows.flatMap(([logits]) => logits.map((value) => value / 4))),
      targets: rows.map(([, target]) => target),
    }));

  it("never changes an answer, and never makes the likelihood less", () => {
    fc.assert(
      fc.property(answers, (given) => {
        const { temperature, nllBefore, nllAfter } = fitTemperature(given);
        expect(nllAfter).toBeLessThanOrEqual(nllBefore + 1e-12);
        given.targets.forEach((_, row) => {
          const logits = given.logits.subarray(3 * row, 3 * row + 3);
          expect(indexOfLargest(logits.map((logit) => logit / temperature))).toBe(indexOfLargest(logits));
        });
      }),
    );
  });

  it("is better than its neighbours wherever some answer is wrong", () => {
    fc.assert(
      fc.property(answers, (given) => {
        const nllAt = (value: number): number => calibrationOf(given, value).negativeLogLikelihood;
        const isRight = (target: number, row: number): boolean =>
          indexOfLargest(given.logits.subarray(3 * row, 3 * row + 3)) === target;
        fc.pre(!given.targets.every(isRight));
        const { temperature, nllAfter } = fitTemperature(given);
        for (const factor of [0.9, 0.99, 1.01, 1.1]) {
          const neighbour = Math.min(temperatureRange.highest, Math.max(temperatureRange.lowest, temperature * factor));
          expect(nllAt(neighbour)).toBeGreaterThanOrEqual(nllAfter - 1e-12);
        }
      }),
    );
  });
});
