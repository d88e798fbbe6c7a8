import { describe, expect, it } from "vitest";
import { sortLabels } from "./sort-labels.ts";

describe("class names", () => {
  it("are in one order everywhere, numbers by their value", () => {
    expect(sortLabels(["dog", "Cat", "ähre", "cat", "dog"])).toEqual(["Cat", "cat", "dog", "ähre"]);
    expect(sortLabels(["10", "9", "0"])).toEqual(["0", "9", "10"]);
    expect(sortLabels(["10", "9", "x"])).toEqual(["10", "9", "x"]);
  });
});
