/** How the numbers that vary one picture lie side by side in the row that a step is fed. */
import { split } from "../../graph/ops/movement/movement.ts";
import type { Value } from "../../graph/value.ts";

/**
 * geometry: an `AffineMap`. colours: matrix and offset of the map from bytes to normalised values.
 * erased: left, top, right, bottom of the rectangle that is covered. mixing: the partner's row in
 * the batch, the share of the own target, the share of the own pixels outside the patch, and the
 * patch, which is the partner's.
 */
const blockSizes = (channels: number) => ({
  geometry: 6,
  colours: channels * channels + channels,
  erased: 4,
  mixing: 7,
});

type Block = keyof ReturnType<typeof blockSizes>;

/** 19 for grey pictures, 29 for colour. What is off holds numbers that change nothing. */
export function numbersPerPicture(channels: number): number {
  return Object.values(blockSizes(channels)).reduce((sum, size) => sum + size, 0);
}

/** The parts `[N, size]` of numbers `[N, numbersPerPicture]`. */
export function splitNumbers(numbers: Value, channels: number): Readonly<Record<Block, Value>> {
  const sizes = blockSizes(channels);
  const order = [sizes.geometry, sizes.colours, sizes.erased, sizes.mixing] as const;
  const [geometry, colours, erased, mixing] = split(numbers, order, 1);
  return { geometry, colours, erased, mixing };
}

/** One block of each row, as views into the numbers of a batch. */
export function blockRows(numbers: Float32Array, channels: number, block: Block): readonly Float32Array[] {
  const sizes = Object.entries(blockSizes(channels));
  const at = sizes.findIndex(([name]) => name === block);
  const start = sizes.slice(0, at).reduce((sum, [, size]) => sum + size, 0);
  const width = numbersPerPicture(channels);
  return Array.from({ length: numbers.length / width }, (_, row) =>
    numbers.subarray(row * width + start, row * width + start + sizes[at]![1]),
  );
}
