/** What is wrong with the classes and the names of a set. */

import { byCodeUnits } from "../../../base/by-code-units.ts";
import { countBy } from "../../../base/count-by.ts";
import { minimumPerClass, planSplits } from "../../split.ts";
import type { ScannedPicture } from "../scan/scan-picture.ts";
import { groupByHash } from "./copy-findings.ts";
import type { Finding, FindingKind } from "./findings.ts";
import type { InspectionThresholds } from "./thresholds.ts";

/** Findings about the balance, the size and the names of classes. */
export function findClassFaults(
  pictures: readonly ScannedPicture[],
  { maxImbalance }: InspectionThresholds,
): readonly Finding[] {
  const counts = countUsable(pictures);
  return [
    ...findOneClass(counts),
    ...findSmall(pictures),
    ...findImbalance(counts, maxImbalance),
    ...findAlike(counts),
  ];
}

/** Groups of names that differ in letter case (or in Unicode's form) alone. */
export function findNamesAlike(ids: readonly string[]): readonly Finding[] {
  return groupsAlike(ids, (id) => id.normalize("NFC").toLowerCase()).map((group) => ({
    kind: "names-alike",
    ids: group,
    offenders: group.slice(1),
    detail: `${group.length} names that some systems take for one`,
  }));
}

function aboutClasses(kind: FindingKind, detail: string): Finding {
  return { kind, ids: [], offenders: [], detail };
}

/** How many pictures of each class can be decoded; 0 for a class of broken files alone. */
function countUsable(pictures: readonly ScannedPicture[]): ReadonlyMap<string, number> {
  const all = new Map(pictures.map(({ facts }) => [facts.label, 0]));
  for (const [label, count] of countBy(pictures.filter(isUsable), ({ facts }) => facts.label)) all.set(label, count);
  return all;
}

function isUsable({ fault }: ScannedPicture): boolean {
  return fault === undefined;
}

function findOneClass(counts: ReadonlyMap<string, number>): readonly Finding[] {
  const [label] = counts.keys();
  return counts.size === 1 ? [aboutClasses("one-class", `only ${JSON.stringify(label)}`)] : [];
}

/**
 * Classes with fewer different pictures than splits that will be cut from them; those that conflict
 * cannot be used.
 */
function findSmall(pictures: readonly ScannedPicture[]): readonly Finding[] {
  const minimum = minimumPerClass(planSplits(new Set(pictures.flatMap(({ facts }) => facts.split ?? []))));
  const different = new Map(pictures.map(({ facts }) => [facts.label, 0]));
  // What the source gives to val or test stays there; splits are cut from the rest.
  const isCut = ({ facts }: ScannedPicture): boolean => facts.split === undefined || facts.split === "train";
  for (const group of groupByHash(pictures.filter((picture) => isUsable(picture) && isCut(picture))).values()) {
    const labels = new Set(group.map(({ facts }) => facts.label));
    for (const label of labels) if (labels.size === 1) different.set(label, different.get(label)! + 1);
  }
  return [...different].flatMap(([label, count]) => {
    const detail = `${JSON.stringify(label)} has ${count} different pictures to train from; at least ${minimum} are needed`;
    return count < minimum ? [aboutClasses("class-too-small", detail)] : [];
  });
}

function findImbalance(counts: ReadonlyMap<string, number>, maxImbalance: number): readonly Finding[] {
  const [largest] = [...counts].sort((a, b) => b[1] - a[1] || byCodeUnits(a[0], b[0]));
  if (largest === undefined) return [];
  const [name, most] = largest;
  return [...counts].flatMap(([label, count]) => {
    if (most <= count * maxImbalance) return [];
    const ratio = count === 0 ? "" : `, 1 to ${(most / count).toFixed(1)}`;
    const detail = `${JSON.stringify(label)} has ${count} pictures, ${JSON.stringify(name)} has ${most}${ratio}`;
    return [aboutClasses("class-imbalance", detail)];
  });
}

function findAlike(counts: ReadonlyMap<string, number>): readonly Finding[] {
  const keyOf = (label: string): string =>
    label
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[\s_-]+/gu, " ")
      .trim();
  return groupsAlike([...counts.keys()], keyOf).map((labels) => {
    const shown = labels.map((label) => `${JSON.stringify(label)} (${counts.get(label)} pictures)`);
    return aboutClasses("labels-alike", shown.join(" and "));
  });
}

/** Different texts that share a key, sorted; only groups of two and more. */
function groupsAlike(texts: readonly string[], keyOf: (text: string) => string): readonly (readonly string[])[] {
  const groups = new Map<string, Set<string>>();
  for (const text of texts) {
    const key = keyOf(text);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, new Set([text]));
    else group.add(text);
  }
  return [...groups.values()].filter(({ size }) => size > 1).map((group) => [...group].sort(byCodeUnits));
}
