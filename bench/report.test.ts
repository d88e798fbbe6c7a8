import { expect, it } from "vitest";
import { median, quantile, tableOf } from "./report.ts";

it("takes the middle, or the mean of the two in the middle", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 10])).toBe(3);
});

it("takes quantiles of sorted numbers, the last one for 1", () => {
  const values = Array.from({ length: 100 }, (_, at) => at);
  expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([0, 50, 99, 99]);
  expect(quantile([], 0.5)).toBe(0);
});

it("lines columns up without trailing blanks", () => {
  expect(
    tableOf([
      ["a", "bb"],
      ["ccc", "d"],
    ]),
  ).toBe("a    bb\nccc  d\n");
});
