import { expect, it } from "vitest";
import { AppError } from "../../base/errors.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { adamw } from "./optimizer.ts";
import { explainShortage, largestBatch, requireMemory, stepBytes } from "./step-memory.ts";

const model = {
  network: createNetwork("cnn", { widths: [8, 16] }),
  size: { height: 32, width: 32, channels: 3 },
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  labels: ["a", "b"],
};
const options = { model, optimizer: adamw() };
const mebi = 2 ** 20;

it("grows with the batch, and the largest batch is the last one that fits", () => {
  for (const bytes of [150 * mebi, 300 * mebi, 1000 * mebi]) {
    const batch = largestBatch(options, bytes);
    expect(batch % 16).toBe(0);
    expect(stepBytes({ ...options, batchSize: batch })).toBeLessThanOrEqual(bytes);
    expect(stepBytes({ ...options, batchSize: batch + 16 })).toBeGreaterThan(bytes);
  }
  expect(largestBatch(options, 0)).toBe(0);
  // Below sixteen the estimate errs to the safe side.
  const few = largestBatch(options, stepBytes({ ...options, batchSize: 5 }));
  expect([4, 5]).toContain(few);
});

const failure = (received: string) => new AppError("EXECUTION_FAILED", { required: "a step", received });

it("says which batch would fit where memory was short", () => {
  const bytes = stepBytes({ ...options, batchSize: 40 });
  const told = explainShortage(
    failure("Failed to allocate memory for requested buffer of size 9"),
    { ...options, batchSize: 256 },
    bytes,
  );
  expect(told).toMatchObject({
    code: "TRAIN_OUT_OF_MEMORY",
    hint: "a `batchSize` of 32 should fit; `accumulate` 8 keeps the larger batch's effect",
  });
  // It failed although it should have fitted: half of it, then.
  expect(explainShortage(failure("std::bad_alloc"), { ...options, batchSize: 32 }, 1e12)).toMatchObject({
    hint: expect.stringContaining("a `batchSize` of 16 should fit"),
  });
});

it("refuses a step that is not going to fit, before anything is tried", () => {
  const bytes = stepBytes({ ...options, batchSize: 64 });
  requireMemory({ ...options, batchSize: 64 }, bytes);
  expect(() => requireMemory({ ...options, batchSize: 128 }, bytes)).toThrow(
    expect.objectContaining({
      code: "TRAIN_OUT_OF_MEMORY",
      hint: "a `batchSize` of 64 should fit; `accumulate` 2 keeps the larger batch's effect",
    }),
  );
});

it("leaves other errors as they are", () => {
  const other = failure("a node has the wrong shape");
  expect(explainShortage(other, { ...options, batchSize: 8 }, 1e9)).toBe(other);
  const foreign = new Error("out of memory");
  expect(explainShortage(foreign, { ...options, batchSize: 8 }, 1e9)).toBe(foreign);
});
