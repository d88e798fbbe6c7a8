/** Feeds a pack's pictures in batches of one size, into buffers that are filled again and again. */
import { AppError, type Random } from "../base/index.ts";
import { recipeSizeBytes } from "../image/index.ts";
import { indicesOf, type Pack } from "./pack.ts";
import type { Split } from "./sources/source.ts";

/** One batch's buffers; `createBatch` makes them, `batches` fills them. */
export interface Batch {
  /** uint8 `[size, height, width, channels]`. */
  readonly pixels: Uint8Array;
  /** Class index of each row; 0 in rows beyond `count` of a padded batch. */
  readonly targets: Int32Array;
  /** Where each row stands in the pack. */
  readonly indices: Uint32Array;
  /** How many leading rows are pictures of this epoch that came once: less than the size only in the last batch. */
  count: number;
}

export interface BatchOptions {
  readonly batchSize: number;
  /** Shuffles the split; give `random.split(epoch)`, so that each epoch has its own order whatever came before. */
  readonly shuffle?: Random;
  /**
   * What fills the last batch where the split is no multiple of the size. `wrap` (for training): its first pictures again, so that
   * small sets train too. `pad` (for evaluation): zeros. `drop`: that batch is left out.
   */
  readonly last: "wrap" | "pad" | "drop";
  /** Buffers to fill; new ones where left out. */
  readonly into?: Batch;
}

/** Buffers for batches of `batchSize` pictures of a pack. */
export function createBatch({ recipe }: Pick<Pack, "recipe">, batchSize: number): Batch {
  return {
    pixels: new Uint8Array(batchSize * recipeSizeBytes(recipe)),
    targets: new Int32Array(batchSize),
    indices: new Uint32Array(batchSize),
    count: 0,
  };
}

/** How many batches one pass over a split has. */
export function countBatches(pack: Pick<Pack, "splits">, split: Split, { batchSize, last }: BatchOptions): number {
  const exact = indicesOf(pack, split).length / batchSize;
  return last === "drop" ? Math.floor(exact) : Math.ceil(exact);
}

/**
 * One pass over a split. Every step gives the same buffers with new content: use them, or copy them, before the next step.
 * The order is the pack's own, or follows from `shuffle` alone.
 * Errors: INTERNAL for a batch size that is no whole number above 0 or buffers of another size.
 */
export function* batches(pack: Pack, split: Split, options: BatchOptions): Generator<Batch, void, undefined> {
  const { batchSize, shuffle, last } = options;
  const batch = options.into ?? createBatch(pack, batchSize);
  requireBatch(batch, pack, batchSize);
  const indices = indicesOf(pack, split);
  const order = shuffle?.permutation(indices.length).map((at) => indices[at]!) ?? indices;
  const end = last === "drop" ? order.length - (order.length % batchSize) : order.length;
  for (let start = 0; start < end; start += batchSize) {
    batch.count = Math.min(batchSize, order.length - start);
    fill(batch, pack, order, start, last === "wrap" ? batchSize : batch.count);
    yield batch;
  }
}

/** Copies `rows` pictures from `start` on, beginning again at the end of the order; zeros in the rows behind them. */
function fill(batch: Batch, pack: Pack, order: Uint32Array, start: number, rows: number): void {
  const rowBytes = recipeSizeBytes(pack.recipe);
  for (let row = 0; row < rows; row++) {
    const index = order[(start + row) % order.length]!;
    const from = index * rowBytes;
    batch.pixels.set(pack.pixels.subarray(from, from + rowBytes), row * rowBytes);
    batch.targets[row] = pack.targets[index]!;
    batch.indices[row] = index;
  }
  batch.pixels.fill(0, rows * rowBytes);
  batch.targets.fill(0, rows);
  batch.indices.fill(0, rows);
}

function requireBatch(batch: Batch, { recipe }: Pack, batchSize: number): void {
  const isSound = Number.isInteger(batchSize) && batchSize > 0;
  if (isSound && batch.targets.length === batchSize && batch.pixels.length === batchSize * recipeSizeBytes(recipe))
    return;
  throw new AppError("INTERNAL", {
    required: "a batch size is a whole number above 0, and the buffers are made for it",
    received: `size ${batchSize}, buffers for ${batch.targets.length} pictures`,
  });
}
