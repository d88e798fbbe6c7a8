/** The result of a learning-rate range test as people read it. */
import { visibleText } from "../../base/visible-text.ts";
import type { FoundRate } from "../../train/fit/find-rate.ts";
import { alignRows, type Style } from "../frame/console.ts";

export interface RateTextFacts {
  /** The rate that a training would have without the suggestion. */
  readonly usualRate: number;
  /** The rates that were tested. */
  readonly tested: { readonly from: number; readonly to: number };
  /** The chart's file. */
  readonly chart: string;
}

/** A suggestion this many times the usual rate, or this part of it, is worth a comparison. */
const farFactor = 3;

/** Whether a suggested rate is far from the usual one. */
export function isFarRate(suggestion: number, usualRate: number): boolean {
  return Math.max(suggestion / usualRate, usualRate / suggestion) >= farFactor;
}

/** What to do where the two are far apart. */
export function farRateText(suggestion: number, usualRate: number): string {
  const [times, side] = suggestion > usualRate ? [suggestion / usualRate, "above"] : [usualRate / suggestion, "below"];
  return `the suggestion is ${times.toFixed(1)} times ${side} the rate that train would use, ${short(usualRate)}: compare both in short trainings`;
}

/** The suggestion, the rate of each rule, and the range in which the loss falls. */
export function rateText({ points, advice }: FoundRate, facts: RateTextFacts, style: Style): string {
  const { usualRate, tested, chart } = facts;
  const tests = `${points.length} steps from ${short(tested.from)} to ${short(points.at(-1)?.learningRate ?? tested.from)}; the chart: ${visibleText(chart)}`;
  if (advice === undefined) {
    return `The loss does not clearly fall at any rate between ${short(tested.from)} and ${short(tested.to)}. ${tests}`;
  }
  const { suggestion, rules, range } = advice;
  const rows = [
    ["steepest descent", short(rules.steepest)],
    ["valley", short(rules.valley)],
    ["minimum / 10", short(rules.tenthOfMinimum)],
    ["rate of train", short(usualRate)],
  ];
  return [
    `${style.bold(`--learning-rate ${short(suggestion)}`)}  where the loss falls fastest`,
    `The loss falls from ${short(range.from)} to ${short(range.to)}.`,
    "",
    alignRows(rows.map(([name, rate]) => [`  ${name}`, rate!])),
    "",
    tests,
  ].join("\n");
}

/** With two digits: `0.0021`, `1e-6`. */
function short(rate: number): string {
  return String(Number(rate.toPrecision(2)));
}
