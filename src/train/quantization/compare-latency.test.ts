import { describe, expect, it } from "vitest";
import { tinyModel } from "../../../tests/support/tiny-bundle.ts";
import type { LoadedBundle } from "../../bundle/load-bundle.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import { compareLatency } from "./compare-latency.ts";

/** Bundles whose calls take the given times on one clock, and the order in which they were called. */
function timedBundles(...timesMs: readonly number[]) {
  const { info } = tinyModel();
  const size = recipeSizeBytes(info.recipe);
  let clockMs = 0;
  const calls: (readonly [bundle: number, pictures: number])[] = [];
  const bundles = timesMs.map(
    (ms, at): LoadedBundle => ({
      info: { ...info, parity: [] },
      runs: "serial",
      async answer(pixels) {
        const count = pixels.length / size;
        calls.push([at, count]);
        clockMs += ms * count;
        return { logits: new Float32Array(0), probabilities: new Float32Array(0) };
      },
      close: async () => undefined,
    }),
  );
  return { bundles, calls, pixels: new Uint8Array(3 * size), now: () => clockMs };
}

describe("latencies beside each other", () => {
  it("are of one picture and of a batch, each bundle with the same budget", async () => {
    const { bundles, calls, pixels, now } = timedBundles(5, 1);
    const [slow, fast] = await compareLatency(bundles, pixels, { batchSize: 8, budgetMs: 400, now });
    expect(slow!.one).toEqual({ batchSize: 1, calls: 80, medianMs: 5, p95Ms: 5, picturesPerSecond: 200 });
    expect(fast!.one).toMatchObject({ calls: 400, medianMs: 1 });
    expect([slow!.batch.medianMs, fast!.batch.medianMs]).toEqual([40, 8]);
    expect(new Set(calls.map(([, count]) => count))).toEqual(new Set([1, 8]));
  });

  it("are taken in turns, which are told", async () => {
    const { bundles, calls, pixels, now } = timedBundles(5, 5);
    let spentMs = 0;
    const onTurn = (durationMs: number) => {
      spentMs += durationMs;
    };
    await compareLatency(bundles, pixels, { batchSize: 1, budgetMs: 100, now, onTurn });
    const turns = calls.slice(4).filter(([bundle], at, all) => at === 0 || all[at - 1]![0] !== bundle).length;
    expect(turns).toBeGreaterThanOrEqual(2 * 4);
    expect(spentMs).toBe(2 * 2 * 100);
  });

  it("end on a clock that stands still, and where they are interrupted", async () => {
    const { bundles, pixels, now } = timedBundles(0);
    const [only] = await compareLatency(bundles, pixels, { batchSize: 2, budgetMs: 10, now });
    expect(only!.one).toMatchObject({ calls: 1000, medianMs: 0 });
    const signal = AbortSignal.abort();
    await expect(compareLatency(bundles, pixels, { now, signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
