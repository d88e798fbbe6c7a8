import { expect, it } from "vitest";
import { createStyle } from "../frame/console.ts";
import { farRateText, isFarRate, rateText } from "./rate-text.ts";

const facts = { usualRate: 0.003, tested: { from: 1e-6, to: 1 }, chart: "learning-rate.svg" };
const points = [{ learningRate: 0.4, loss: 1, smoothedLoss: 1 }];
const style = createStyle(false);

it("says which rate to use, those of the other rules, and where the loss falls", () => {
  const rules = { steepest: 0.00684, valley: 0.000751, tenthOfMinimum: 0.0062 };
  const advice = { suggestion: rules.steepest, rules, range: { from: 0.0004, to: 0.062 } };
  expect(rateText({ points, advice }, facts, style).split("\n")).toEqual([
    "--learning-rate 0.0068  where the loss falls fastest",
    "The loss falls from 0.0004 to 0.062.",
    "",
    "  steepest descent  0.0068",
    "  valley            0.00075",
    "  minimum / 10      0.0062",
    "  rate of train     0.003",
    "",
    "1 steps from 0.000001 to 0.4; the chart: learning-rate.svg",
  ]);
});

it("says so where the loss does not fall", () => {
  expect(rateText({ points, advice: undefined }, facts, style)).toBe(
    "The loss does not clearly fall at any rate between 0.000001 and 1. 1 steps from 0.000001 to 0.4; the chart: learning-rate.svg",
  );
});

it("advises to compare a rate that is at least three times the usual one, or a third of it", () => {
  expect([0.00099, 0.0011, 0.003, 0.0089, 0.0091].map((rate) => isFarRate(rate, 0.003))).toEqual([
    true,
    false,
    false,
    false,
    true,
  ]);
  expect(farRateText(0.015, 0.003)).toMatch(/^the suggestion is 5\.0 times above the rate .*, 0\.003: compare/);
  expect(farRateText(0.0003, 0.003)).toMatch(/ 10\.0 times below /);
});
