/** A few pictures of the test split to show predictions on. */
import { indicesOf, type Pack } from "../dataset/pack.ts";
import { recipeSizeBytes } from "../image/recipe.ts";

export interface Examples {
  /** uint8 `[count,H,W,C]` */
  readonly pixels: Uint8Array;
  readonly ids: readonly string[];
  readonly labels: readonly string[];
}

/** Up to `count` test pictures, the classes in turn, each class in the pack's order. */
export function examplesOf(pack: Pack, count: number): Examples {
  const byClass = pack.labels.map(() => [] as number[]);
  for (const index of indicesOf(pack, "test")) byClass[pack.targets[index]!]!.push(index);
  const longest = Math.max(...byClass.map(({ length }) => length));
  const inTurn = Array.from({ length: longest }, (_, round) =>
    byClass.flatMap((indices) => indices[round] ?? []),
  ).flat();
  const chosen = inTurn.slice(0, count);
  const pictureBytes = recipeSizeBytes(pack.recipe);
  const pixels = new Uint8Array(chosen.length * pictureBytes);
  chosen.forEach((index, row) => {
    pixels.set(pack.pixels.subarray(index * pictureBytes, (index + 1) * pictureBytes), row * pictureBytes);
  });
  return {
    pixels,
    ids: chosen.map((index) => pack.ids[index]!),
    labels: chosen.map((index) => pack.labels[pack.targets[index]!]!),
  };
}
