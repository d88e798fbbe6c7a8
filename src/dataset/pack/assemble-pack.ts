/** Makes a pack of stored pictures: chooses those that can be used and cuts them into splits. */
import { countBy } from "../../base/count-by.ts";
import { AppError } from "../../base/errors.ts";
import { contentHash } from "../../base/hash.ts";
import { shellPath } from "../../base/shell-word.ts";
import type { Recipe } from "../../image/recipe.ts";
import { describeRemark, hintFor, noneUsable } from "../describe-skipped.ts";
import { findingTable } from "../inspection/findings/findings.ts";
import { type Fingerprints, findNearDuplicates, groupPairs } from "../near-duplicates.ts";
import { type ClassRequirement, requireClasses } from "../require-classes.ts";
import { sortLabels } from "../sort-labels.ts";
import { type SkippedPicture, type Source, type Split, splits } from "../sources/source.ts";
import { assignSplits, minimumPerClass, planSplits, type SplitPicture, type SplitPlan } from "../split.ts";
import { findLabelConflicts } from "./label-conflicts.ts";
import { type Pack, type SplitOptions, sortedLines } from "./pack.ts";
import type { PackIndex } from "./pack-index.ts";
import type { PictureTable } from "./picture-table.ts";
import { type PixelStore, selectRows } from "./pixel-store.ts";

/**
 * Cuts stored pictures into splits, with copies and near-duplicates on one side, and leaves out
 * every picture whose exact copy stands under another label.
 * Errors: DATASET_EMPTY, DATASET_ONE_CLASS, DATASET_CLASS_TOO_SMALL, CONFIG_INVALID; with `strict`
 * DATASET_LABEL_CONFLICT.
 */
export function assemblePack(
  { source, pictures, skipped }: PackIndex,
  recipe: Recipe,
  store: PixelStore,
  { strict = false, ...options }: SplitOptions & { readonly strict?: boolean } = {},
): Pack {
  const all = Array.from({ length: pictures.length }, (_, at) => pictures.hash(at));
  const conflicts = findLabelConflicts(pictures, all);
  if (strict) refuseFirst(conflicts, source.location);
  const inConflict = new Set(conflicts.map(({ id }) => id));
  const keptAt = Uint32Array.from(all.keys()).filter((at) => !inConflict.has(pictures.id(at)));
  const hashes = conflicts.length === 0 ? all : Array.from(keptAt, (at) => all[at]!);
  const keys = groupKeys(hashes, { length: keptAt.length, at: (index) => pictures.fingerprint(keptAt[index]!) });
  const kept = Array.from(keptAt, (at, index): SplitPicture => {
    return { hash: keys[index]!, label: pictures.label(at), given: pictures.split(at) };
  });
  const plan = planFor(kept, options);
  const passedOver = [...skipped, ...conflicts];
  if (!options.isMeasured) requireNoLostClass(passedOver, kept, source.location);
  requireClassesOf(onePerKey(kept), plan, { where: source.location, skipped: passedOver });

  const sides = assignSplits(kept, plan, options);
  const labels = sortLabels(kept.map(({ label }) => label));
  const indexOf = new Map(labels.map((label, index) => [label, index]));
  return {
    recipe,
    labels,
    pixels: selectRows(
      store,
      keptAt.map((at) => pictures.row(at)),
    ),
    targets: Int32Array.from(kept, ({ label }) => indexOf.get(label)!),
    splits: Uint8Array.from(sides, (side) => splits.indexOf(side)),
    ids: Array.from(keptAt, (at) => pictures.id(at)),
    hashes,
    skipped: passedOver,
    hash: contentHash(sortedLines(hashes, (index) => kept[index]!.label)),
  };
}

/** Refuses, before anything is decoded, what cannot be split however well it decodes. */
export function requireSplittable(
  listed: PictureTable,
  options: SplitOptions,
  { location, skipped, remarks }: Pick<Source, "location" | "skipped" | "remarks">,
): void {
  const pictures = Array.from({ length: listed.length }, (_, at) => {
    return { label: listed.label(at), given: listed.split(at) };
  });
  requireClassesOf(pictures, planFor(pictures, options), { where: location, skipped, remarks });
}

/** What has to be cut, from the splits that the pictures come with. */
function planFor(
  pictures: Iterable<{ readonly given: Split | undefined }>,
  { proportions, fold, isMeasured = false }: SplitOptions,
): PackPlan {
  const found = new Set<Split>();
  for (const { given } of pictures) if (given !== undefined) found.add(given);
  return { ...planSplits(found, proportions, fold), isGiven: found.size > 0, isMeasured };
}

interface PackPlan extends SplitPlan {
  readonly isGiven: boolean;
  readonly isMeasured: boolean;
}

/** Refuses what cannot be split: one class alone, or a class with too few pictures. */
function requireClassesOf(
  pictures: readonly { readonly label: string; readonly given: Split | undefined }[],
  plan: PackPlan,
  requirement: Omit<ClassRequirement, "minimum">,
): void {
  const { where, skipped = [], remarks = [] } = requirement;
  if (plan.isMeasured) {
    if (pictures.length === 0) throw noneUsable("labelled pictures", { where, skipped, remarks });
    return;
  }
  const counts = countBy(pictures, ({ label }) => label);
  requireClasses(counts, { ...requirement, minimum: plan.isGiven ? 1 : minimumPerClass(plan) });
  if (pictures.some(({ given }) => given === undefined || given === "train")) return;
  const found = [...new Set(pictures.map(({ given }) => given))].sort();
  throw new AppError("DATASET_EMPTY", {
    required: "pictures to train on",
    received: `${pictures.length} pictures, all in the split ${found.join(" or ")}`,
    where,
    hint: "name the folder that holds train too, or the folder inside, so that splits are cut from it",
  });
}

/**
 * Refuses a set of which a whole class was skipped: a model without it would be another one than
 * was asked for.
 */
function requireNoLostClass(
  skipped: readonly SkippedPicture[],
  kept: readonly { readonly label: string }[],
  where: string,
): void {
  if (kept.length === 0) return;
  const labels = new Set(kept.map(({ label }) => label));
  const lost = skipped.filter(({ label }) => label !== undefined && !labels.has(label));
  const [first] = lost;
  if (first === undefined) return;
  const { label, id, reason } = first;
  throw new AppError("DATASET_CLASS_TOO_SMALL", {
    required: `pictures of class '${label}' that can be used`,
    received: `none of ${lost.filter((picture) => picture.label === label).length}: '${id}': ${reason}`,
    where,
    hint: `replace the pictures, or take the class away; see every fault with: pawprint data check ${shellPath(where)}`,
  });
}

/** Throws where a source passed over a picture, or lost a folder of them. */
export function requireComplete({ location, skipped, remarks }: Source): void {
  refuseFirst(skipped, location);
  const lost = remarks.find(({ kind }) => findingTable[kind].severity === "error");
  if (lost === undefined) return;
  throw new AppError("DATASET_SOURCE_UNKNOWN", {
    required: "only usable pictures, since strict is set",
    received: describeRemark(lost),
    where: location,
    ...hintFor(lost),
  });
}

/** Throws the error of the first of these pictures, where there is one. */
function refuseFirst([first]: readonly SkippedPicture[], location: string): void {
  if (first === undefined) return;
  throw new AppError(first.code, {
    required: "only usable pictures, since strict is set",
    received: `'${first.id}': ${first.reason}`,
    where: location,
  });
}

/**
 * For each picture the hash that decides its split: its own, or the lowest one of its
 * near-duplicates.
 */
function groupKeys(hashes: readonly string[], fingerprints: Fingerprints): readonly string[] {
  const pairs = findNearDuplicates(fingerprints);
  if (pairs.length === 0) return hashes;
  const keys = [...hashes];
  for (const group of groupPairs(hashes.length, pairs)) {
    const lowest = group.map((at) => keys[at]!).reduce((low, key) => (key < low ? key : low));
    for (const at of group) keys[at] = lowest;
  }
  // Exact copies of a member belong to its group too, also where they have no fingerprint of their
  // own.
  const keyOf = new Map(hashes.map((hash, at) => [hash, keys[at]!]));
  return hashes.map((hash) => keyOf.get(hash)!);
}

/**
 * One picture of each class for each key: copies and near-duplicates count once, since they all go
 * to the same split.
 */
function onePerKey(pictures: readonly SplitPicture[]): readonly SplitPicture[] {
  const seen = new Map<string, Set<string>>();
  return pictures.filter(({ label, hash }) => {
    const ofLabel = seen.get(label) ?? new Set<string>();
    seen.set(label, ofLabel);
    return ofLabel.size < ofLabel.add(hash).size;
  });
}
