import { describe, expect, it } from "vitest";
import { tinyModel } from "../../../tests/support/tiny-bundle.ts";
import type { LoadedBundle } from "../../bundle/load-bundle.ts";
import { measureLatency } from "./latency.ts";

/** A bundle whose answer to N pictures takes as long as `msFor` says, on a clock of its own. */
function timedBundle(msFor: (count: number, call: number) => number) {
  const { info } = tinyModel();
  const size = info.recipe.width * info.recipe.height * info.recipe.channels;
  let clockMs = 0;
  const counts: number[] = [];
  const bundle: LoadedBundle = {
    info: { ...info, parity: [] },
    runs: "serial",
    async answer(pixels) {
      const count = pixels.length / size;
      clockMs += msFor(count, counts.push(count));
      return { logits: new Float32Array(0), probabilities: new Float32Array(0) };
    },
    close: async () => undefined,
  };
  return { bundle, counts, size, now: () => clockMs };
}

describe("the latency of a bundle", () => {
  it("is measured for one picture and for a batch, after calls that do not count", async () => {
    const { bundle, counts, size, now } = timedBundle((count, call) => (call <= 3 ? 1000 : 2 + count));
    const latency = await measureLatency(bundle, new Uint8Array(5 * size), { batchSize: 8, budgetMs: 30, now });
    expect(latency.one).toEqual({ batchSize: 1, calls: 10, medianMs: 3, p95Ms: 3, picturesPerSecond: 1000 / 3 });
    expect(latency.batch).toMatchObject({ batchSize: 8, calls: 5, medianMs: 10, picturesPerSecond: 800 });
    expect(counts.filter((count) => count === 8)).toHaveLength(3 + 5);
  });

  it("has a 95th percentile between the slow calls", async () => {
    // Twenty calls of 1 to 20 ms, in an order of their own.
    const { bundle, size, now } = timedBundle((_, call) => (call <= 3 ? 0 : 1 + ((7 * (call - 4)) % 20)));
    const { one } = await measureLatency(bundle, new Uint8Array(size), { batchSize: 1, budgetMs: 210, now });
    // numpy.quantile(range(1, 21), [0.5, 0.95])
    expect([one.calls, one.medianMs]).toEqual([20, 10.5]);
    expect(one.p95Ms).toBeCloseTo(19.05, 12);
  });

  it("ends where it is interrupted", async () => {
    const { bundle, size, now } = timedBundle(() => 1);
    const signal = AbortSignal.abort();
    await expect(measureLatency(bundle, new Uint8Array(size), { now, signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
  });
});
