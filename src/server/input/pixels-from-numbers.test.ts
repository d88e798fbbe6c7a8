import { expect, it } from "vitest";
import { pixelsFromNumbers } from "./pixels-from-numbers.ts";

const numbers = (...values: number[]) => [...pixelsFromNumbers(values, "image")];

it("takes numbers up to 1 as shares of full brightness, and others as bytes", () => {
  expect(numbers(0, 1)).toEqual([0, 255]);
  expect(numbers(0.5, 0.1)).toEqual([128, 26]);
  expect(numbers(0, 2)).toEqual([0, 2]);
  expect(numbers(254.5, 255)).toEqual([255, 255]);
});

it("brings every byte back that was divided by 255", () => {
  for (let value = 0; value < 256; value++) expect(numbers(value / 255, 1)).toEqual([value, 255]);
});

it.each([
  [[-0.1, 1], "-0.1"],
  [[0, 256], "256"],
  [[0, Number.NaN], "NaN"],
  [[Number.POSITIVE_INFINITY, 0], "Infinity"],
])("refuses %j", (values, text) => {
  expect(() => numbers(...values)).toThrow(text);
});

it("names the number that is no pixel", () => {
  expect(() => pixelsFromNumbers([0, 256], "images[2]")).toThrow(
    expect.objectContaining({
      received: "256",
      where: "images[2], number 1",
      hint: "send pixels as they are, not normalised: the model does that itself",
    }),
  );
});

it("scales nothing that is said to be bytes, and takes no fraction of one", () => {
  expect([...pixelsFromNumbers([0, 1], "image", true)]).toEqual([0, 1]);
  expect(() => pixelsFromNumbers([0, 0.5], "image", true)).toThrow(
    expect.objectContaining({
      code: "REQUEST_INVALID",
      message: "Expected whole numbers from 0 to 255; got 0.5 (image, number 1)",
    }),
  );
});
