/**
 * Finds exact and near-duplicates, and classifies them: label conflict, leakage between splits,
 * plain duplicate.
 */

import { byCodeUnits } from "../../../base/by-code-units.ts";
import { throwIfCancelled } from "../../../base/cancel.ts";
import { findNearDuplicates, groupPairs, type NearPair } from "../../near-duplicates.ts";
import type { Split } from "../../sources/source.ts";
import type { ScannedPicture } from "../scan/scan-picture.ts";
import type { Finding, FindingKind, PictureFacts } from "./findings.ts";

/** The kinds of findings about a group of pictures that are equal in one sense. */
interface CopyKinds {
  readonly copy: FindingKind;
  readonly conflict: FindingKind;
  readonly leakage: FindingKind;
}

const exactKinds: CopyKinds = { copy: "exact-duplicate", conflict: "label-conflict", leakage: "leakage" };
const nearKinds: CopyKinds = {
  copy: "near-duplicate",
  conflict: "near-duplicate-conflict",
  leakage: "near-duplicate-leakage",
};

/**
 * Findings about groups of equal pictures, then of nearly equal ones. Of exact copies one alone
 * takes part in the search for near ones. Pictures that could not be decoded must be left out by
 * the caller: all empty files are equal.
 */
export function findCopies(pictures: readonly ScannedPicture[], signal?: AbortSignal): readonly Finding[] {
  const groups = [...groupByHash(pictures).values()].map((group) => group.toSorted(byKeeping));
  const exact = groups.filter(({ length }) => length > 1).flatMap((group) => aboutExactCopies(factsOf(group)));
  throwIfCancelled(signal);

  const different = groups.map(([kept]) => kept!); // a group has at least one picture
  const pairs = findNearDuplicates(different.map(({ fingerprint }) => fingerprint));
  throwIfCancelled(signal);
  const distances = furthestByPicture(pairs);
  const near = groupPairs(different.length, pairs).flatMap((positions) => {
    const group = positions.map((at) => different[at]!).toSorted(byKeeping);
    const furthest = Math.max(...positions.map((at) => distances.get(at) ?? 0));
    return aboutNearCopies(factsOf(group), furthest);
  });
  return [...exact, ...near];
}

/** Pictures by the hash of their bytes, in their order. */
export function groupByHash(pictures: readonly ScannedPicture[]): ReadonlyMap<string, readonly ScannedPicture[]> {
  const groups = new Map<string, ScannedPicture[]>();
  for (const picture of pictures) {
    const group = groups.get(picture.facts.hash);
    if (group === undefined) groups.set(picture.facts.hash, [picture]);
    else group.push(picture);
  }
  return groups;
}

/**
 * Copies under several labels are a conflict, in several splits leakage; those left within a label
 * and a split are repetitions.
 */
function aboutExactCopies(group: readonly PictureFacts[]): readonly Finding[] {
  const problems = aboutSides(group, exactKinds, "the same bytes");
  if (labelsOf(group).length > 1) return problems;
  const repeated = splitsOf(group).flatMap((split) => {
    const copies = group.filter((facts) => facts.split === split);
    return copies.length > 1
      ? [aboutGroup(exactKinds.copy, copies, 1, `${copies.length} files of the same bytes`)]
      : [];
  });
  return [...problems, ...repeated];
}

function aboutNearCopies(group: readonly PictureFacts[], furthest: number): readonly Finding[] {
  const what = `${group.length} pictures, up to ${furthest} of 128 bits apart`;
  const problems = aboutSides(group, nearKinds, what);
  return problems.length > 0 ? problems : [aboutGroup(nearKinds.copy, group, 1, what)];
}

/** Conflict and leakage of one group, the picture to keep first. */
function aboutSides(group: readonly PictureFacts[], kinds: CopyKinds, what: string): readonly Finding[] {
  const labels = labelsOf(group);
  const splits = splitsOf(group);
  const findings: Finding[] = [];
  if (labels.length > 1) {
    const names = labels.map((label) => JSON.stringify(label)).join(" and ");
    findings.push(aboutGroup(kinds.conflict, group, 0, `${what} under ${names}`));
  }
  if (splits.length > 1) {
    const [kept] = group;
    const offenders = group.filter(({ split }) => split !== kept!.split).map(({ id }) => id);
    const names = splits.map((split) => split ?? "no split").join(" and ");
    findings.push({ kind: kinds.leakage, ids: group.map(({ id }) => id), offenders, detail: `${what} in ${names}` });
  }
  return findings;
}

function aboutGroup(kind: FindingKind, group: readonly PictureFacts[], kept: number, detail: string): Finding {
  const ids = group.map(({ id }) => id);
  return { kind, ids, offenders: ids.slice(kept), detail };
}

const rankOfSplit: Readonly<Record<Split, number>> = { test: 0, val: 1, train: 2 };
const rankWithoutSplit = 3;

/**
 * The one to keep first: test before val before train, so that it is the training copy which goes;
 * then the largest picture, then the first name.
 */
function byKeeping({ facts: a }: ScannedPicture, { facts: b }: ScannedPicture): number {
  const rank = ({ split }: PictureFacts): number => (split === undefined ? rankWithoutSplit : rankOfSplit[split]);
  const area = ({ decoded }: PictureFacts): number => (decoded === undefined ? 0 : decoded.width * decoded.height);
  return rank(a) - rank(b) || area(b) - area(a) || byCodeUnits(a.id, b.id);
}

function factsOf(group: readonly ScannedPicture[]): readonly PictureFacts[] {
  return group.map(({ facts }) => facts);
}

function labelsOf(group: readonly PictureFacts[]): readonly string[] {
  return [...new Set(group.map(({ label }) => label))].sort(byCodeUnits);
}

/** In the order of the group, the kept one's first. */
function splitsOf(group: readonly PictureFacts[]): readonly (Split | undefined)[] {
  return [...new Set(group.map(({ split }) => split))];
}

/** The largest distance of any pair that a picture is in. */
function furthestByPicture(pairs: readonly NearPair[]): ReadonlyMap<number, number> {
  const furthest = new Map<number, number>();
  for (const { a, b, distance } of pairs) {
    for (const at of [a, b]) furthest.set(at, Math.max(furthest.get(at) ?? 0, distance));
  }
  return furthest;
}
