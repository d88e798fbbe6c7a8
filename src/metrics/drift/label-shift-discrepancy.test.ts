import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "../../base/random.ts";
import { bootstrapPValue } from "./bootstrap.ts";
import { labelShiftDiscrepancy } from "./label-shift-discrepancy.ts";

/** Two classes at -1 and +1 with deviation 1, answered rightly in `accuracy` of the cases. */
function drawn(random: Random, count: number, share: number, { accuracy = 0.65, offset = 0 } = {}) {
  const targets = Array.from({ length: count }, () => Number(random.next() < share));
  const answers = targets.map((target) => (random.next() < accuracy ? target : 1 - target));
  const features = Float32Array.from(targets, (target) => 2 * target - 1 + random.normal() + offset);
  return { targets, answers, features, size: 1 };
}

describe("the discrepancy beyond other class shares", () => {
  const random = createRandom("label shift");
  const options = () => ({ classCount: 2, replicates: 400, random: random.split(random.uint32()) });
  const pValue = (share: number, changes: { offset?: number } = {}): number => {
    const { statistic, nulls } = labelShiftDiscrepancy(
      drawn(random, 300, 0.5),
      drawn(random, 200, share, changes),
      options(),
    );
    return bootstrapPValue(nulls, statistic);
  };

  it.each([0.5, 0.75, 0.95])("is what chance makes it, of a weak model and a share of %d", (share) => {
    const values = Array.from({ length: 60 }, () => pValue(share));
    // 3 are expected below 0.05, deviation 1.7.
    expect(values.filter((value) => value <= 0.05).length).toBeLessThanOrEqual(9);
  });

  it("is more where the vectors differ within the classes", () => {
    const values = Array.from({ length: 10 }, () => pValue(0.75, { offset: 1.5 }));
    expect(Math.max(...values)).toBeLessThan(0.05);
  });
});
