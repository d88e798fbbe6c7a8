import { describe, expect, it } from "vitest";
import { missingPoints } from "./missing-points.ts";

const at = (step: number, value: number, timestampMs = 5) => ({ key: "loss", step, value, timestampMs });

describe("missing points", () => {
  it("are those that differ in step, time or value, each once, in their order", () => {
    const here = [at(2, 1), at(1, 1), at(1, 1, 6), at(1, 2), at(2, 1)];
    expect(missingPoints(here, [at(1, 1)])).toEqual([at(2, 1), at(1, 1, 6), at(1, 2)]);
    expect(missingPoints(here, here)).toEqual([]);
  });

  it("are none where SQL keeps a value in its own way", () => {
    const here = [at(1, Number.NaN), at(2, Number.POSITIVE_INFINITY), at(3, Number.NEGATIVE_INFINITY), at(4, -0)];
    const there = [at(1, Number.NaN), at(2, Number.MAX_VALUE), at(3, -Number.MAX_VALUE), at(4, 0)];
    expect(missingPoints(here, there)).toEqual([]);
    expect(missingPoints(there, here)).toEqual([]);
  });

  it("tell neighbouring numbers apart", () => {
    expect(missingPoints([at(1, 0.1 + 0.2)], [at(1, 0.3)])).toHaveLength(1);
  });
});
