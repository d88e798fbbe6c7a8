import { expect, it } from "vitest";
import { findClass } from "./find-class.ts";

it.each([
  ["dog", 1],
  ["1", 1],
  ["0", 0],
  ["2", undefined],
  ["-1", undefined],
  ["1.0", undefined],
  ["", undefined],
  ["Dog", undefined],
])("finds %j among cat and dog", (text, index) => {
  expect(findClass(["cat", "dog"], text)).toBe(index);
});

it("takes a label that looks like an index for the label", () => {
  expect(findClass(["7", "0"], "0")).toBe(1);
});
