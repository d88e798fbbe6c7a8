import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import type { Split } from "../sources/source.ts";
import { type Batch, type BatchOptions, batches, countBatches, createBatch } from "./loader.ts";
import { indicesOf, type Pack } from "./pack.ts";
import { memoryStore, type PixelStore } from "./pixel-store.ts";

/**
 * Picture n has the pixels [n, n + 100] and the target n % 3; every fifth is val, every seventh
 * test.
 */
function packOf(count: number): Pack {
  const numbers = Array.from({ length: count }, (_, at) => at);
  return {
    recipe: { width: 2, height: 1, channels: 1, fit: "cover", kernel: "cubic" },
    labels: ["a", "b", "c"],
    pixels: memoryStore(Uint8Array.from(numbers.flatMap((at) => [at, at + 100])), 2),
    targets: Int32Array.from(numbers, (at) => at % 3),
    splits: Uint8Array.from(numbers, (at) => (at % 5 === 4 ? 1 : at % 7 === 6 ? 2 : 0)),
    ids: numbers.map(String),
    hashes: numbers.map(String),
    skipped: [],
    hash: "",
  };
}
const pack = packOf(20);
const train = [0, 1, 2, 3, 5, 7, 8, 10, 11, 12, 15, 16, 17, 18];
async function mapBatches<T>(split: Split, options: BatchOptions, map: (batch: Batch) => T): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches(pack, split, options)) all.push(map(batch));
  return all;
}
const indices = (options: BatchOptions): Promise<number[][]> =>
  mapBatches("train", options, (batch) => [...batch.indices]);
const firstOf = async (split: Split, options: BatchOptions): Promise<Batch | undefined> =>
  (await batches(pack, split, options).next()).value ?? undefined;

describe("batches", () => {
  it("hold the pictures of one split with their targets", async () => {
    expect([...indicesOf(pack, "train")]).toEqual(train);
    for await (const batch of batches(pack, "train", { batchSize: 7, last: "drop" })) {
      expect(batch.count).toBe(7);
      expect([...batch.pixels]).toEqual([...batch.indices].flatMap((at) => [at, at + 100]));
      expect([...batch.targets]).toEqual([...batch.indices].map((at) => at % 3));
    }
    expect(await indices({ batchSize: 7, last: "drop" })).toEqual([train.slice(0, 7), train.slice(7)]);
  });

  it("fill the same buffers every time", async () => {
    const into = createBatch(pack, 4);
    for await (const batch of batches(pack, "train", { batchSize: 4, last: "wrap", into })) expect(batch).toBe(into);
  });

  it("wrap round to the beginning, also where the split is smaller than a batch", async () => {
    expect((await indices({ batchSize: 10, last: "wrap" }))[1]).toEqual([...train.slice(10), ...train.slice(0, 6)]);
    const batch = await firstOf("test", { batchSize: 5, last: "wrap" });
    expect([...batch!.indices]).toEqual([6, 13, 6, 13, 6]);
    expect(batch!.count).toBe(2);
  });

  it("are padded with zeros, and say how many rows are real", async () => {
    const batch = await firstOf("test", { batchSize: 4, last: "pad" });
    expect(batch).toMatchObject({ count: 2 });
    expect([...batch!.pixels]).toEqual([6, 106, 13, 113, 0, 0, 0, 0]);
    expect([...batch!.targets]).toEqual([0, 1, 0, 0]);
  });

  it("leave nothing of an earlier batch in the padding", async () => {
    const last = { batchSize: 9, last: "pad" } as const;
    const tails = await mapBatches("train", last, ({ count, pixels }) => [...pixels.subarray(count * 2)]);
    expect(tails).toEqual([[], Array(8).fill(0)]);
  });

  it.each(["wrap", "pad", "drop"] as const)("are as many as countBatches says: %s", async (last) => {
    for (const batchSize of [1, 3, 7, 14, 15]) {
      const options = { batchSize, last };
      expect(await indices(options)).toHaveLength(countBatches(pack, "train", options));
    }
  });

  it("come in an order that the seed decides: each picture once an epoch", async () => {
    const epoch = async (seed: number, label: number): Promise<number[]> =>
      (await indices({ batchSize: 7, last: "wrap", shuffle: createRandom(seed).split(label) })).flat();
    expect(await epoch(1, 0)).toEqual(await epoch(1, 0));
    expect(await epoch(1, 0)).not.toEqual(await epoch(1, 1));
    expect(await epoch(1, 0)).not.toEqual(await epoch(2, 0));
    expect((await epoch(1, 0)).sort((a, b) => a - b)).toEqual(train);
  });

  it("begin behind the batches that were used before an interruption, whatever is read ahead", async () => {
    const options = { batchSize: 3, last: "wrap", shuffle: createRandom(5) } as const;
    const whole = await indices(options);
    for (let skip = 0; skip <= whole.length; skip++) {
      expect(await indices({ ...options, shuffle: createRandom(5), skip })).toEqual(whole.slice(skip));
    }
  });

  it("leave no read under way where a pass is given up", async () => {
    let open = 0;
    const pixels: PixelStore = {
      ...pack.pixels,
      read: async (rows, into) => {
        open++;
        await new Promise((resolve) => setImmediate(resolve));
        await pack.pixels.read(rows, into);
        open--;
      },
    };
    for await (const _ of batches({ ...pack, pixels }, "train", { batchSize: 2, last: "drop" })) break;
    expect(open).toBe(0);
  });

  it("throw what the store throws when the batch is asked for that could not be read, not before", async () => {
    let calls = 0;
    const pixels: PixelStore = {
      ...pack.pixels,
      read: (rows, into) =>
        ++calls === 2 ? Promise.reject(new Error("the disk is gone")) : pack.pixels.read(rows, into),
    };
    const all = batches({ ...pack, pixels }, "train", { batchSize: 4, last: "drop" });
    expect((await all.next()).done).toBe(false);
    await expect(all.next()).rejects.toThrow("the disk is gone");
  });

  it("refuse a size or buffers that do not fit", async () => {
    await expect(indices({ batchSize: 0, last: "drop" })).rejects.toThrowError(
      "a whole number above 0 as batch size, and buffers of that size; got size 0, buffers for 0 pictures",
    );
    await expect(indices({ batchSize: 4, last: "drop", into: createBatch(pack, 5) })).rejects.toThrowError(
      "got size 4, buffers for 5 pictures",
    );
  });
});
