/** Sums up pictures by class. */
import { countBy } from "../../../base/count-by.ts";
import { sortLabels } from "../../sort-labels.ts";
import { type Split, splits } from "../../sources/source.ts";
import type { ClassFacts, DecodedFacts, PictureFacts } from "./findings.ts";

/**
 * A row for each class, in the order of class indices; means are taken over the pictures that could
 * be decoded.
 */
export function classFactsOf(facts: readonly PictureFacts[]): readonly ClassFacts[] {
  const byLabel = groupByLabel(facts);
  return sortLabels(byLabel.keys()).map((label) => {
    const pictures = byLabel.get(label)!; // sortLabels gives the keys
    const decoded = pictures.flatMap((picture) => picture.decoded ?? []);
    const mean = (measure: (facts: DecodedFacts) => number): number => meanOf(decoded.map(measure));
    return {
      label,
      pictures: pictures.length,
      bySplit: countSplits(pictures),
      brightnessMean: mean(({ brightness }) => brightness),
      meanColour: [mean((of) => of.meanColour[0]), mean((of) => of.meanColour[1]), mean((of) => of.meanColour[2])],
    };
  });
}

/** Pictures by label, in their order. */
export function groupByLabel(facts: readonly PictureFacts[]): ReadonlyMap<string, readonly PictureFacts[]> {
  const groups = new Map<string, PictureFacts[]>();
  for (const picture of facts) {
    const group = groups.get(picture.label);
    if (group === undefined) groups.set(picture.label, [picture]);
    else group.push(picture);
  }
  return groups;
}

/** 0 for no values, so that the result is plain JSON. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function countSplits(pictures: readonly PictureFacts[]): ClassFacts["bySplit"] {
  const counts = countBy(pictures, ({ split }): Split | "none" => split ?? "none");
  const inOrder = [...splits, "none" as const].filter((split) => counts.has(split));
  return Object.fromEntries(inOrder.map((split) => [split, counts.get(split)]));
}
