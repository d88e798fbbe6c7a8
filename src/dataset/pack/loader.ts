/**
 * Feeds a pack's pictures in batches of one size, reading ahead while the batch before is in use.
 */
import { AppError } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import type { Split } from "../sources/source.ts";
import { indicesOf, type Pack } from "./pack.ts";

/** One batch's buffers; `createBatch` makes them, `batches` fills them. */
export interface Batch {
  /** uint8 `[size, height, width, channels]`. */
  readonly pixels: Uint8Array;
  /** Class index of each row; 0 in rows beyond `count` of a padded batch. */
  readonly targets: Int32Array;
  /** Where each row stands in the pack. */
  readonly indices: Uint32Array;
  /**
   * How many leading rows are pictures of this epoch that came once: less than the size only in the
   * last batch.
   */
  count: number;
}

export interface BatchOptions {
  readonly batchSize: number;
  /**
   * Shuffles the split; give `random.split(epoch)`, so that each epoch has its own order whatever
   * came before.
   */
  readonly shuffle?: Random;
  /**
   * What fills the last batch where the split is no multiple of the size. `wrap` (for training):
   * its first pictures again, so that small sets train too. `pad` (for evaluation): zeros. `drop`:
   * that batch is left out.
   */
  readonly last: "wrap" | "pad" | "drop";
  /** Begin behind so many batches: the exact place where a training was interrupted. Default 0. */
  readonly skip?: number;
  /** Buffers to fill; new ones where left out. */
  readonly into?: Batch;
}

/**
 * How many batches are read before they are asked for: one is being copied while the next is on its
 * way from the disk.
 */
const readAhead = 2;

/** Buffers for batches of `batchSize` pictures of a pack. */
export function createBatch({ pixels }: Pick<Pack, "pixels">, batchSize: number): Batch {
  return {
    pixels: new Uint8Array(batchSize * pixels.rowBytes),
    targets: new Int32Array(batchSize),
    indices: new Uint32Array(batchSize),
    count: 0,
  };
}

/** How many batches one pass over a split has. */
export function countBatches(
  pack: Pick<Pack, "splits">,
  split: Split,
  { batchSize, last }: Pick<BatchOptions, "batchSize" | "last">,
): number {
  const exact = indicesOf(pack, split).length / batchSize;
  return last === "drop" ? Math.floor(exact) : Math.ceil(exact);
}

/**
 * One pass over a split. Every step gives the same buffers with new content: use them, or copy
 * them, before the next step. The order is the pack's own, or follows from `shuffle` alone: it is a
 * permutation of the whole split, whatever shards it lies in. Pixels are read ahead off the main
 * thread.
 * Errors: those of the pack's store; INTERNAL for a batch size that is no whole number above 0 or
 * buffers of another size.
 */
export async function* batches(
  pack: Pack,
  split: Split,
  options: BatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  const { batchSize, shuffle, last, skip = 0 } = options;
  const batch = options.into ?? createBatch(pack, batchSize);
  requireBatch(batch, pack, batchSize);
  const indices = indicesOf(pack, split);
  const order = shuffle?.permutation(indices.length).map((at) => indices[at]!) ?? indices;
  const total = countBatches(pack, split, options);

  const buffers = Array.from({ length: Math.min(readAhead, Math.max(0, total - skip)) }, () =>
    createBatch(pack, batchSize),
  );
  const reads: Promise<Batch>[] = [];
  let next = skip;
  const startRead = (buffer: Batch): void => {
    const read = fill(buffer, pack, order, next++ * batchSize, last);
    // A failure is thrown when its batch is asked for; until then it is nobody's unhandled
    // rejection.
    read.catch(() => undefined);
    reads.push(read);
  };
  for (const buffer of buffers) startRead(buffer);
  try {
    for (let at = skip; at < total; at++) {
      const ready = await reads.shift()!; // as many reads were started as batches are left, up to the number of buffers
      batch.pixels.set(ready.pixels);
      batch.targets.set(ready.targets);
      batch.indices.set(ready.indices);
      batch.count = ready.count;
      if (next < total) startRead(ready);
      yield batch;
    }
  } finally {
    await Promise.allSettled(reads);
  }
}

/**
 * Fills a batch from `start` of the order on, beginning again at its end (`wrap`) or with zeros
 * behind it.
 */
async function fill(
  batch: Batch,
  { pixels, targets }: Pack,
  order: Uint32Array,
  start: number,
  last: BatchOptions["last"],
): Promise<Batch> {
  const size = batch.targets.length;
  batch.count = Math.min(size, order.length - start);
  const rows = last === "wrap" ? size : batch.count;
  const wanted = Uint32Array.from({ length: rows }, (_, row) => order[(start + row) % order.length]!);
  batch.indices.fill(0).set(wanted);
  batch.targets.fill(0).set(wanted.map((index) => targets[index]!));
  await pixels.read(wanted, batch.pixels);
  batch.pixels.fill(0, rows * pixels.rowBytes);
  return batch;
}

function requireBatch(batch: Batch, { pixels }: Pack, batchSize: number): void {
  const isSound = Number.isInteger(batchSize) && batchSize > 0;
  if (isSound && batch.targets.length === batchSize && batch.pixels.length === batchSize * pixels.rowBytes) return;
  throw new AppError("INTERNAL", {
    required: "a whole number above 0 as batch size, and buffers of that size",
    received: `size ${batchSize}, buffers for ${batch.targets.length} pictures`,
  });
}
