/** Sentences of a monitor's report, for its page and for the terminal. */
import type { ExpectedAccuracy } from "../metrics/drift/expected-accuracy.ts";
import { countOf, formatCount } from "../report/page/elements.ts";
import type { RoleComparison } from "./compare-roles.ts";

const verdicts = {
  better: "is better than the champion",
  worse: "is worse than the champion",
  unknown: "is neither known to be better nor worse than the champion",
} as const;

/** Who is better, or that nobody knows yet. */
export function comparisonText(comparison: RoleComparison): string {
  const { role, version, isPaired, champion, other, difference, interval, verdict } = comparison;
  const name = `The ${role} ${version.slice(0, 16)}`;
  if (other.count === 0 || champion.count === 0) return `${name} has no labels to be compared by yet.`;
  const of = isPaired
    ? `the same ${countOf(other.count, "picture")}`
    : `${countOf(other.count, "label")}, the champion's ${formatCount(champion.count)}`;
  const between = `${points(interval.low, 1)} to ${points(interval.high, 1)}`;
  return `${name} ${verdicts[verdict]}: ${points(difference, 2)} points (always valid 95 % interval ${between}), by ${of}.`;
}

/** How far the estimate was from the accuracy where there were labels. */
export function referenceErrorText({ error, interval, count }: NonNullable<ExpectedAccuracy["reference"]>): string {
  const high = error >= 0;
  const [least, most] = high ? [interval.low, interval.high] : [-interval.high, -interval.low];
  const off = `${points(Math.abs(error), 1)} points too ${high ? "high" : "low"}`;
  return `on the reference, ${countOf(count, "picture")}, confidences were ${off} (${points(least, 1)} to ${points(most, 1)}), which is corrected`;
}

function points(share: number, digits: number): string {
  return (100 * share).toFixed(digits).replace(/^-(0\.0+)$/, "$1"); // no minus before nothing
}
