import { describe, expect, it } from "vitest";
import { createRandom } from "../base/random.ts";
import {
  fansOf,
  glorotNormal,
  glorotUniform,
  headNormal,
  heNormal,
  heUniform,
  type Initializer,
  ones,
  pytorchUniform,
  zeros,
} from "./initializers.ts";

const shape = [64, 32, 3, 3];
const fanIn = 32 * 9;
const fanOut = 64 * 9;

describe("initializers", () => {
  it.each<[Initializer, number]>([
    [heNormal, Math.sqrt(2 / fanIn)],
    [heUniform, Math.sqrt(2 / fanIn)],
    [glorotNormal, Math.sqrt(2 / (fanIn + fanOut))],
    [glorotUniform, Math.sqrt(2 / (fanIn + fanOut))],
    [headNormal, 0.01],
    [pytorchUniform, Math.sqrt(1 / (3 * fanIn))],
  ])("$name has mean 0 and the standard deviation of its source", (initializer, deviation) => {
    const values = initializer.sample(shape, createRandom(1));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const measured = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    // 18,432 draws: the standard error of the deviation is half a percent of it.
    expect(measured / deviation).toBeGreaterThan(0.98);
    expect(measured / deviation).toBeLessThan(1.02);
    expect(Math.abs(mean)).toBeLessThan(deviation / 30);
  });

  it.each<[Initializer, number]>([
    [heUniform, Math.sqrt(6 / fanIn)],
    [glorotUniform, Math.sqrt(6 / (fanIn + fanOut))],
    [pytorchUniform, Math.sqrt(1 / fanIn)],
  ])("$name stays inside its bound", (initializer, bound) => {
    const largest = initializer
      .sample(shape, createRandom(2))
      .reduce((top, value) => Math.max(top, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.99 * bound);
  });

  it("fills with zeros and ones", () => {
    expect(zeros.sample([2], createRandom(1))).toEqual(Float32Array.of(0, 0));
    expect(ones.sample([2], createRandom(1))).toEqual(Float32Array.of(1, 1));
  });

  it("counts fans of convolutions and dense layers", () => {
    expect(fansOf(shape)).toEqual({ fanIn, fanOut });
    expect(fansOf([10, 64])).toEqual({ fanIn: 64, fanOut: 10 });
  });
});
