/** A pack: the dataset decoded and resized once, ready to train from. */

import { byCodeUnits } from "../../base/by-code-units.ts";
import { contentHash } from "../../base/hash.ts";
import type { Recipe } from "../../image/recipe.ts";
import { type SkippedPicture, type Split, splits } from "../sources/source.ts";
import type { Fold, Proportions } from "../split.ts";
import type { PixelStore } from "./pixel-store.ts";

/** A dataset that is decoded, labelled and split. */
export interface Pack {
  readonly recipe: Recipe;
  /** Class names; the position is the class index. */
  readonly labels: readonly string[];
  /** Row n: the pixels of picture n, uint8 `[height, width, channels]`. */
  readonly pixels: PixelStore;
  /** The class index of each picture. */
  readonly targets: Int32Array;
  /** The split of each picture, as its position in `splits`: 0 train, 1 val, 2 test. */
  readonly splits: Uint8Array;
  /** Each picture's path in its source. */
  readonly ids: readonly string[];
  /** SHA-256 of each picture's file, or of its pixels where they came without one. */
  readonly hashes: readonly string[];
  readonly skipped: readonly SkippedPicture[];
  /**
   * The dataset's content hash, over the sorted pairs of picture hash and label: order and names
   * play no part.
   */
  readonly hash: string;
}

/** The pictures of one split, as positions in the pack, in the pack's order. */
export function indicesOf(pack: Pick<Pack, "splits">, split: Split): Uint32Array {
  const side = splits.indexOf(split);
  const indices = new Uint32Array(pack.splits.length);
  let count = 0;
  pack.splits.forEach((at, index) => {
    if (at === side) indices[count++] = index;
  });
  return indices.slice(0, count);
}

/**
 * The pixels of some pictures, by their positions in the pack: uint8 `[indices, height, width,
 * channels]`.
 */
export async function readPixels({ pixels }: Pick<Pack, "pixels">, indices: Uint32Array): Promise<Uint8Array> {
  const into = new Uint8Array(indices.length * pixels.rowBytes);
  await pixels.read(indices, into);
  return into;
}

export interface SplitOptions {
  readonly proportions?: Proportions;
  /** Changes which pictures fall into which split. */
  readonly salt?: string;
  /** For k-fold cross-validation. */
  readonly fold?: Fold;
  /**
   * The pictures are only measured: whatever has a label will do, of one class or of a class with
   * too few pictures for training.
   */
  readonly isMeasured?: boolean;
}

/**
 * A hash over the sorted pairs of picture hash and split: which pictures train, validate and test.
 */
export function splitsHash({ hashes, splits: ofPicture }: Pack): string {
  return contentHash(sortedLines(hashes, (index) => splits[ofPicture[index]!]!));
}

/** `HASH LABEL` of each picture, sorted; made one by one. */
export function* sortedLines(hashes: readonly string[], labelOf: (index: number) => string): Generator<string> {
  const order = Uint32Array.from(hashes.keys());
  order.sort((a, b) => byCodeUnits(hashes[a]!, hashes[b]!) || byCodeUnits(labelOf(a), labelOf(b)));
  for (const at of order) yield `${hashes[at]} ${labelOf(at)}`;
}
