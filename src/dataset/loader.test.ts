import { describe, expect, it } from "vitest";
import { createRandom } from "../base/index.ts";
import { type BatchOptions, batches, countBatches, createBatch } from "./loader.ts";
import { indicesOf, type Pack } from "./pack.ts";

/** Picture n has the pixels [n, n + 100] and the target n % 3; every fifth is val, every seventh test. */
function packOf(count: number): Pack {
  const numbers = Array.from({ length: count }, (_, at) => at);
  return {
    recipe: { width: 2, height: 1, channels: 1, fit: "cover", kernel: "cubic" },
    labels: ["a", "b", "c"],
    pixels: Uint8Array.from(numbers.flatMap((at) => [at, at + 100])),
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
const indices = (options: BatchOptions): number[][] =>
  Array.from(batches(pack, "train", options), (batch) => [...batch.indices]);

describe("batches", () => {
  it("hold the pictures of one split with their targets", () => {
    expect([...indicesOf(pack, "train")]).toEqual(train);
    for (const batch of batches(pack, "train", { batchSize: 7, last: "drop" })) {
      expect(batch.count).toBe(7);
      expect([...batch.pixels]).toEqual([...batch.indices].flatMap((at) => [at, at + 100]));
      expect([...batch.targets]).toEqual([...batch.indices].map((at) => at % 3));
    }
    expect(indices({ batchSize: 7, last: "drop" })).toEqual([train.slice(0, 7), train.slice(7)]);
  });

  it("fill the same buffers every time", () => {
    const into = createBatch(pack, 4);
    for (const batch of batches(pack, "train", { batchSize: 4, last: "wrap", into })) expect(batch).toBe(into);
  });

  it("wrap round to the beginning, also where the split is smaller than a batch", () => {
    expect(indices({ batchSize: 10, last: "wrap" })[1]).toEqual([...train.slice(10), ...train.slice(0, 6)]);
    const [batch] = batches(pack, "test", { batchSize: 5, last: "wrap" });
    expect([...batch!.indices]).toEqual([6, 13, 6, 13, 6]);
    expect(batch!.count).toBe(2);
  });

  it("are padded with zeros, and say how many rows are real", () => {
    const [batch] = batches(pack, "test", { batchSize: 4, last: "pad" });
    expect(batch).toMatchObject({ count: 2 });
    expect([...batch!.pixels]).toEqual([6, 106, 13, 113, 0, 0, 0, 0]);
    expect([...batch!.targets]).toEqual([0, 1, 0, 0]);
  });

  it("leave nothing of an earlier batch in the padding", () => {
    const last = { batchSize: 9, last: "pad" } as const;
    const tails = Array.from(batches(pack, "train", last), ({ count, pixels }) => [...pixels.subarray(count * 2)]);
    expect(tails).toEqual([[], Array(8).fill(0)]);
  });

  it.each(["wrap", "pad", "drop"] as const)("are as many as countBatches says: %s", (last) => {
    for (const batchSize of [1, 3, 7, 14, 15]) {
      const options = { batchSize, last };
      expect(Array.from(batches(pack, "train", options))).toHaveLength(countBatches(pack, "train", options));
    }
  });

  it("come in an order that the seed decides: each picture once an epoch", () => {
    const epoch = (seed: number, label: number): number[] =>
      indices({ batchSize: 7, last: "wrap", shuffle: createRandom(seed).split(label) }).flat();
    expect(epoch(1, 0)).toEqual(epoch(1, 0));
    expect(epoch(1, 0)).not.toEqual(epoch(1, 1));
    expect(epoch(1, 0)).not.toEqual(epoch(2, 0));
    expect(epoch(1, 0).sort((a, b) => a - b)).toEqual(train);
  });

  it("refuse a size or buffers that do not fit", () => {
    const next = (options: BatchOptions): unknown => batches(pack, "train", options).next();
    expect(() => next({ batchSize: 0, last: "drop" })).toThrowError(
      "a batch size is a whole number above 0, and the buffers are made for it; got size 0, buffers for 0 pictures",
    );
    expect(() => next({ batchSize: 4, last: "drop", into: createBatch(pack, 5) })).toThrowError(
      "got size 4, buffers for 5 pictures",
    );
  });
});
