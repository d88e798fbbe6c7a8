/** A few pictures of the test split to show predictions on. */
import { indicesOf, type Pack, readPixels } from "../dataset/pack/pack.ts";

export interface Examples {
  /** uint8 `[count,H,W,C]` */
  readonly pixels: Uint8Array;
  readonly ids: readonly string[];
  readonly labels: readonly string[];
}

/** Up to `count` test pictures, the classes in turn, each class in the pack's order. */
export async function examplesOf(pack: Pack, count: number): Promise<Examples> {
  const byClass = pack.labels.map(() => [] as number[]);
  for (const index of indicesOf(pack, "test")) byClass[pack.targets[index]!]!.push(index);
  const longest = Math.max(...byClass.map(({ length }) => length));
  const inTurn = Array.from({ length: longest }, (_, round) =>
    byClass.flatMap((indices) => indices[round] ?? []),
  ).flat();
  const chosen = inTurn.slice(0, count);
  return {
    pixels: await readPixels(pack, Uint32Array.from(chosen)),
    ids: chosen.map((index) => pack.ids[index]!),
    labels: chosen.map((index) => pack.labels[pack.targets[index]!]!),
  };
}
