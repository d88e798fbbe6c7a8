/** Puts each picture into train, val or test by a hash of its bytes, so that no picture ever moves because others came. */
import { AppError, sha256 } from "../base/index.ts";
import { type Split, splits } from "./sources/source.ts";

/** Shares of the whole; they add up to 1. */
export interface Proportions {
  readonly train: number;
  readonly val: number;
  readonly test: number;
}

export const defaultProportions: Proportions = { train: 0.8, val: 0.1, test: 0.1 };
export const defaultSalt = "pawprint";

/** What is cut off a train split that the source itself gives: 5,000 of MNIST's 60,000. */
const defaultShareOfGivenTrain = 1 / 12;

/** What to cut by hash, as shares of the pictures that the source leaves to train. 0 where the source gives that split. */
export interface SplitPlan {
  readonly val: number;
  readonly test: number;
}

export interface SplitPicture {
  /** SHA-256 of the picture's bytes. */
  readonly hash: string;
  readonly label: string;
  /** Where the source says that the picture belongs. */
  readonly given: Split | undefined;
}

/**
 * Decides what has to be cut by hash, from the splits that the source gives (none, as a rule).
 * Errors: CONFIG_INVALID for proportions outside 0 to 1, without train, or that do not add up to 1.
 */
export function planSplits(given: ReadonlySet<Split>, proportions?: Proportions): SplitPlan {
  if (proportions !== undefined) requireProportions(proportions);
  const { train, val, test } = proportions ?? defaultProportions;
  if (!given.has("val") && !given.has("test")) return { val, test };
  const shareOfTrain = (share: number): number =>
    proportions === undefined ? defaultShareOfGivenTrain : share / (train + share);
  return { val: given.has("val") ? 0 : shareOfTrain(val), test: given.has("test") ? 0 : shareOfTrain(test) };
}

/** How many different pictures a class must have so that each split that is cut can have one. */
export function minimumPerClass({ val, test }: SplitPlan): number {
  return 1 + Number(val > 0) + Number(test > 0);
}

/** Where a picture stands in [0, 1): the first 52 bits of SHA-256 over salt and content hash. */
export function positionOf(hash: string, salt: string): number {
  return Number.parseInt(sha256(`${salt}:${hash}`).slice(0, 13), 16) / 2 ** 52;
}

/** Test lies at the bottom of [0, 1), val above it, train on top: another share of val leaves test as it is. */
export function splitAt(position: number, { val, test }: SplitPlan): Split {
  if (position < test) return "test";
  return position < test + val ? "val" : "train";
}

/** All exact copies of one picture. */
interface Group {
  readonly position: number;
  split: Split;
}

/**
 * The split of each picture, in their order. A picture's split follows from its bytes and the salt alone: names, order and other
 * pictures play no part, and exact copies stay together.
 *
 * One exception, for small classes: where the hash leaves a class without a picture in a split that is cut, the picture nearest
 * to that split's border is moved in. It goes back once the class has grown a picture that belongs there.
 *
 * Errors: DATASET_CLASS_TOO_SMALL where a class has fewer different pictures than splits to fill.
 */
export function assignSplits(pictures: readonly SplitPicture[], plan: SplitPlan, salt = defaultSalt): Split[] {
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
  for (const [label, groups] of classes) fillEmptySplits(label, [...groups.values()], plan);
  return pictures.map(({ hash, label, given }) => (isFixed(given) ? given : classes.get(label)!.get(hash)!.split));
}

/** Pictures that the source puts into val or test stay there; those of its train split may be cut. */
function isFixed(given: Split | undefined): given is "val" | "test" {
  return given === "val" || given === "test";
}

function fillEmptySplits(label: string, groups: readonly Group[], plan: SplitPlan): void {
  const minimum = minimumPerClass(plan);
  if (groups.length < minimum) throw classTooSmall(label, groups.length, minimum);
  const ascending = [...groups].sort((a, b) => a.position - b.position);
  const wanted = splits.filter((split) => split === "train" || plan[split] > 0);
  // From the bottom of [0, 1) upwards, so that the lowest picture goes to test.
  for (const split of wanted.toReversed()) {
    if (ascending.some((group) => group.split === split)) continue;
    const sizeOf = (of: Split): number => ascending.filter((group) => group.split === of).length;
    const [donor] = wanted.toSorted((a, b) => sizeOf(b) - sizeOf(a));
    const moved = ascending.filter((group) => group.split === donor).at(split === "train" ? -1 : 0);
    moved!.split = split; // there are at least as many pictures as splits, so the fullest has one to give
  }
}

/** The error for a class with `count` different pictures where `minimum` are needed. */
export function classTooSmall(label: string, count: number, minimum: number, where?: string): AppError {
  return new AppError("DATASET_CLASS_TOO_SMALL", {
    required: `each class has at least ${minimum} different pictures, one for each split`,
    received: `${count} of class '${label}'`,
    ...(where !== undefined && { where }),
    hint: "add pictures of this class, or leave the class out",
  });
}

function requireProportions({ train, val, test }: Proportions): void {
  const shares = [train, val, test];
  const isSound = shares.every((share) => share >= 0 && share <= 1) && train > 0;
  // Sums of decimal fractions such as 0.7 + 0.2 + 0.1 miss 1 by some 1e-16.
  if (isSound && Math.abs(train + val + test - 1) < 1e-9) return;
  throw new AppError("CONFIG_INVALID", {
    required: "train, val and test are shares from 0 to 1 that add up to 1, train above 0",
    received: shares.join(", "),
  });
}
