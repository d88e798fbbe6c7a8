import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scoredAnswers, scoredFigures } from "../../tests/fixtures/scored-answers.ts";
import { calibrationOf } from "./calibration.ts";

const logit = (probability: number): number => Math.log(probability / (1 - probability));

describe("calibration", () => {
  it("is what scikit-learn and numpy make of the same answers", () => {
    const calibration = calibrationOf(scoredAnswers);
    expect(calibration.brierScore).toBeCloseTo(scoredFigures.brier, 12);
    expect(calibration.negativeLogLikelihood).toBeCloseTo(scoredFigures.logLoss, 12);
    expect(calibration.expectedCalibrationError).toBeCloseTo(scoredFigures.expectedCalibrationError, 12);
    expect(calibration.maximumCalibrationError).toBeCloseTo(scoredFigures.maximumCalibrationError, 12);
  });

  it("is taken after the logits were divided by the temperature", () => {
    const { negativeLogLikelihood, temperature } = calibrationOf(scoredAnswers, scoredFigures.temperature);
    expect(temperature).toBe(scoredFigures.temperature);
    expect(negativeLogLikelihood).toBeCloseTo(scoredFigures.nllAtTemperature, 12);
  });

  it("weighs the gap of each bin by its pictures", () => {
    // Four answers with 90 %, three of them right; one with 60 %, wrong.
    const rows = [0.9, 0.9, 0.9, 0.9, 0.6].flatMap((confidence) => [logit(confidence), 0]);
    const { bins, ...figures } = calibrationOf({ logits: Float32Array.from(rows), targets: [0, 0, 0, 1, 1] });
    // Logits are float32: seven digits count.
    expect(figures.expectedCalibrationError).toBeCloseTo((4 * (0.9 - 0.75) + 0.6) / 5, 6);
    expect(figures.maximumCalibrationError).toBeCloseTo(0.6, 6);
    expect(figures.meanConfidence).toBeCloseTo(4.2 / 5, 6);
    expect(figures.brierScore).toBeCloseTo((2 * (3 * 0.01 + 0.81 + 0.36)) / 5, 6);
    expect(bins).toHaveLength(15);
    expect(bins.filter(({ count }) => count > 0)).toEqual([
      expect.objectContaining({ low: 8 / 15, high: 9 / 15, count: 1, accuracy: 0 }),
      expect.objectContaining({ low: 13 / 15, high: 14 / 15, count: 4, accuracy: 0.75 }),
    ]);
    expect(bins[0]).toEqual({ low: 0, high: 1 / 15, count: 0 });
  });

  it("counts an answer in the bin whose upper edge its confidence is", () => {
    const { bins } = calibrationOf({ logits: Float32Array.of(50, 0, 0, 0, 0), targets: [0] });
    expect(bins[14]!.count).toBe(1);
    // Of five equal logits each has a fifth: the upper edge of the third bin.
    const even = calibrationOf({ logits: new Float32Array(5), targets: [0] });
    expect(even.bins.findIndex(({ count }) => count === 1)).toBe(2);
  });

  it("of no pictures is zero, not NaN", () => {
    const { bins: _, ...figures } = calibrationOf({ logits: new Float32Array(0), targets: [] });
    expect(figures).toEqual({
      count: 0,
      temperature: 1,
      expectedCalibrationError: 0,
      maximumCalibrationError: 0,
      brierScore: 0,
      negativeLogLikelihood: 0,
      meanConfidence: 0,
    });
  });

  it("stays within its bounds and loses no picture", () => {
    const answers = fc.array(
      fc.tuple(fc.float({ min: -30, max: 30, noNaN: true }), fc.float({ min: -30, max: 30, noNaN: true }), fc.nat(1)),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(answers, fc.double({ min: 0.05, max: 20, noNaN: true }), (rows, temperature) => {
        const calibration = calibrationOf(
          {
            logits: Float32Array.from(rows.flatMap((row) => row.slice(0, 2))),
            targets: rows.map(([, , target]) => target),
          },
          temperature,
        );
        const { expectedCalibrationError: ece, maximumCalibrationError: mce } = calibration;
        expect(ece).toBeGreaterThanOrEqual(0);
        expect(mce).toBeLessThanOrEqual(1);
        // A mean is no more than its largest part; sums may differ in the last digit.
        expect(ece).toBeLessThanOrEqual(mce + 1e-12);
        expect(calibration.brierScore).toBeLessThanOrEqual(2);
        expect(calibration.bins.reduce((sum, { count }) => sum + count, 0)).toBe(rows.length);
      }),
    );
  });
});
