/**
 * Assigns pictures to train, val or test by a hash of their bytes, so that adding pictures never
 * moves old ones.
 */
import { AppError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { type Split, splits } from "./sources/source.ts";

/** Shares of the whole; they add up to 1. */
export interface Proportions {
  readonly train: number;
  readonly val: number;
  readonly test: number;
}

/** The shares that are cut where nothing else is asked for. */
export const defaultProportions: Proportions = { train: 0.8, val: 0.1, test: 0.1 };
export const defaultSalt = "pawprint";

/** Validation share of a train split that the source gives: 5,000 of MNIST's 60,000. */
const defaultShareOfGivenTrain = 1 / 12;

/**
 * One fold of cross-validation: 0 to count - 1. The pictures outside test are cut into `count`
 * parts.
 */
export interface Fold {
  readonly index: number;
  readonly count: number;
}

/**
 * Shares to cut by hash from the pictures that the source leaves in train. 0 where the source gives
 * that split.
 */
export interface SplitPlan {
  readonly val: number;
  readonly test: number;
  /** For k-fold cross-validation: val is this fold, whatever `val` says. */
  readonly fold?: Fold;
}

/** What the split of a picture follows from. */
export interface SplitPicture {
  /**
   * SHA-256 of the picture's bytes; for near-duplicates the lowest one of their group, so that they
   * stay together.
   */
  readonly hash: string;
  readonly label: string;
  /** Where the source says that the picture belongs. */
  readonly given: Split | undefined;
}

/**
 * Plans the cut from the splits that the source gives (usually none).
 * Errors: CONFIG_INVALID for proportions outside 0 to 1, without train, or that do not add up to 1;
 * for a fold outside its count; for folds of a source with a val split.
 */
export function planSplits(given: ReadonlySet<Split>, proportions?: Proportions, fold?: Fold): SplitPlan {
  if (proportions !== undefined) requireProportions(proportions);
  if (fold !== undefined) requireFold(fold, given);
  return { ...planShares(given, proportions), ...(fold && { fold }) };
}

function planShares(given: ReadonlySet<Split>, proportions: Proportions | undefined): Pick<SplitPlan, "val" | "test"> {
  const { train, val, test } = proportions ?? defaultProportions;
  if (!given.has("val") && !given.has("test")) return { val, test };
  const shareOfTrain = (share: number): number =>
    proportions === undefined ? defaultShareOfGivenTrain : share / (train + share);
  return { val: given.has("val") ? 0 : shareOfTrain(val), test: given.has("test") ? 0 : shareOfTrain(test) };
}

/** The number of different pictures that a class needs to fill each split. */
export function minimumPerClass({ val, test, fold }: SplitPlan): number {
  return fold === undefined ? 1 + Number(val > 0) + Number(test > 0) : fold.count + Number(test > 0);
}

/** A picture's position in [0, 1): the first 52 bits of SHA-256 over salt and content hash. */
export function positionOf(hash: string, salt: string): number {
  return Number.parseInt(sha256(`${salt}:${hash}`).slice(0, 13), 16) / 2 ** 52;
}

/**
 * Test is the lowest part of [0, 1), then val, then train: changing the share of val leaves test as
 * it is. Folds are equal parts of what lies above test.
 */
export function splitAt(position: number, { val, test, fold }: SplitPlan): Split {
  if (position < test) return "test";
  if (fold === undefined) return position < test + val ? "val" : "train";
  return Math.floor(((position - test) / (1 - test)) * fold.count) === fold.index ? "val" : "train";
}

/** All copies and near-duplicates of one picture. */
interface Group {
  readonly position: number;
  split: Split;
}

/**
 * The split of each picture, in their order. It depends on hash and salt alone: names, order and
 * unrelated pictures have no influence, and pictures of one hash stay together. Each class is split
 * by itself; shares deviate by about sqrt(share (1 - share) / pictures of the class).
 *
 * Exception for small classes: where the hash leaves a split of a class empty, the picture nearest
 * to that split's border is moved in. It moves back once the class has a picture that belongs
 * there. Folds are not filled up, since each picture is in val of exactly one of them.
 *
 * Errors: DATASET_CLASS_TOO_SMALL where a class has fewer different pictures than splits to fill,
 * unless the pictures are only measured.
 */
export function assignSplits(
  pictures: readonly SplitPicture[],
  plan: SplitPlan,
  { salt = defaultSalt, isMeasured = false }: { readonly salt?: string; readonly isMeasured?: boolean } = {},
): Split[] {
  const classes = new Map<string, Map<string, Group>>();
  for (const { hash, label, given } of pictures) {
    if (isFixed(given)) continue;
    const groups = classes.get(label) ?? new Map<string, Group>();
    classes.set(label, groups);
    if (groups.has(hash)) continue;
    const position = positionOf(hash, salt);
    groups.set(hash, { position, split: splitAt(position, plan) });
  }
  for (const { label } of pictures) if (!classes.has(label)) classes.set(label, new Map());
  for (const [label, groups] of classes) {
    // A class too small to train on was not split in any training.
    if (isMeasured && groups.size < minimumPerClass(plan)) continue;
    fillEmptySplits(label, [...groups.values()], plan);
  }
  return pictures.map(({ hash, label, given }) => (isFixed(given) ? given : classes.get(label)!.get(hash)!.split));
}

/** Pictures that the source puts into val or test stay there; those in train may be cut. */
function isFixed(given: Split | undefined): given is "val" | "test" {
  return given === "val" || given === "test";
}

function fillEmptySplits(label: string, groups: readonly Group[], plan: SplitPlan): void {
  const minimum = minimumPerClass(plan);
  if (groups.length < minimum) throw classTooSmall(label, groups.length, minimum);
  const ascending = [...groups].sort((a, b) => a.position - b.position);
  const wanted = splits.filter((split) => split === "train" || (plan[split] > 0 && !(plan.fold && split === "val")));
  // From the bottom of [0, 1) upwards, so that the lowest picture goes to test.
  for (const split of wanted.toReversed()) {
    if (ascending.some((group) => group.split === split)) continue;
    const sizeOf = (of: Split): number => ascending.filter((group) => group.split === of).length;
    const [donor] = wanted.toSorted((a, b) => sizeOf(b) - sizeOf(a));
    const moved = ascending.filter((group) => group.split === donor).at(split === "train" ? -1 : 0);
    // The largest split has a picture to give, unless all are in a fold's val.
    if (moved !== undefined) moved.split = split;
  }
}

/** The error for a class with `count` different pictures where `minimum` are needed. */
export function classTooSmall(label: string, count: number, minimum: number, where?: string): AppError {
  return new AppError("DATASET_CLASS_TOO_SMALL", {
    required: `at least ${minimum} different pictures of each class, one for each split`,
    received: `${count} of class '${label}'`,
    ...(where !== undefined && { where }),
    hint: "add pictures of this class, or leave the class out",
  });
}

function requireFold({ index, count }: Fold, given: ReadonlySet<Split>): void {
  const isSound = Number.isInteger(count) && count >= 2 && Number.isInteger(index) && index >= 0 && index < count;
  if (!isSound) {
    throw new AppError("CONFIG_INVALID", {
      required: "one of at least 2 folds, counted from 1: 1/5 to 5/5",
      received: `${index + 1}/${count}`,
    });
  }
  if (!given.has("val")) return;
  throw new AppError("CONFIG_INVALID", {
    required: "a source without a val split, since folds are cut from train",
    received: "a source with a val split",
    hint: "move the pictures of val to train",
  });
}

function requireProportions({ train, val, test }: Proportions): void {
  const shares = [train, val, test];
  const isSound = shares.every((share) => share >= 0 && share <= 1) && train > 0;
  // Sums of decimal fractions such as 0.7 + 0.2 + 0.1 miss 1 by some 1e-16.
  if (isSound && Math.abs(train + val + test - 1) < 1e-9) return;
  throw new AppError("CONFIG_INVALID", {
    required: "shares from 0 to 1 for train, val and test that add up to 1, train above 0",
    received: shares.join(", "),
  });
}
