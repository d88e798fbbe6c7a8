import { expect, it } from "vitest";
import { createRandom } from "../base/random.ts";
import { wilsonInterval } from "./classification-metrics.ts";
import { LabelledCounts } from "./labelled-counts.ts";

it("says nothing without labels", () => {
  expect(new LabelledCounts().figures()).toBeUndefined();
});

it("counts right answers, what was taken for what, and the gaps between confidence and accuracy", () => {
  const counts = new LabelledCounts();
  for (let at = 0; at < 10; at++) counts.add("cat", at < 6 ? "cat" : "dog", 0.9);
  for (let at = 0; at < 10; at++) counts.add("dog", "dog", 0.7);
  const figures = counts.figures()!;
  expect(figures).toMatchObject({ count: 20, right: 16, accuracy: 0.8 });
  expect(figures.meanConfidence).toBeCloseTo(0.8, 12);
  // Half of the answers 0.3 too sure, half 0.3 too unsure.
  expect(figures.expectedCalibrationError).toBeCloseTo(0.3, 12);
  expect(figures.interval.low).toBeLessThan(0.8);
  expect(figures.calibrationInterval.low).toBeLessThan(0.3);
  expect(figures.calibrationInterval.high).toBeGreaterThan(0.3);
  const interval = (right: number) => wilsonInterval(right, 10);
  expect(figures.confusion).toEqual([
    { label: "dog", answer: "dog", count: 10, share: 1, interval: interval(10) },
    { label: "cat", answer: "cat", count: 6, share: 0.6, interval: interval(6) },
    { label: "cat", answer: "dog", count: 4, share: 0.4, interval: interval(4) },
  ]);
});

it("names an interval that the calibration error of another sample is in, 95 times of 100", () => {
  const random = createRandom(2);
  const draw = () => {
    const counts = new LabelledCounts();
    for (let at = 0; at < 400; at++) {
      const confidence = 0.5 + 0.5 * random.next();
      // A model that is 20 points too sure.
      counts.add("a", random.next() < confidence - 0.2 ? "a" : "b", confidence);
    }
    return counts.figures()!;
  };
  const truth = 0.2;
  const held = Array.from({ length: 100 }, draw).filter(
    ({ calibrationInterval: { low, high } }) => low <= truth && truth <= high,
  );
  expect(held.length).toBeGreaterThanOrEqual(88);
});
