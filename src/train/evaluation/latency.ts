/** Latency and throughput of a bundle on this machine. */
import { throwIfCancelled } from "../../base/cancel.ts";
import type { LoadedBundle } from "../../bundle/load-bundle.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import type { Latency, LatencyFigures } from "../../metrics/latency-figures.ts";

export interface LatencyOptions {
  /** Of the second measurement; the first is of single pictures. */
  readonly batchSize?: number;
  /** Time for each measurement; at least `minCalls` calls are made. */
  readonly budgetMs?: number;
  readonly now?: () => number;
  readonly signal?: AbortSignal;
}

/** The first calls allocate memory and warm caches. */
const warmUpCalls = 3;
const minCalls = 5;
const maxCalls = 500;

/**
 * Measures predictions of decoded pictures: `pixels` uint8 `[N,H,W,C]`, N at least 1, repeated
 * where they are fewer than a batch. Errors: EXECUTION_FAILED, INTERRUPTED.
 */
export async function measureLatency(
  bundle: LoadedBundle,
  pixels: Uint8Array,
  { batchSize = 32, budgetMs = 1500, now = () => performance.now(), signal }: LatencyOptions = {},
): Promise<Latency> {
  const size = recipeSizeBytes(bundle.info.recipe);
  const count = pixels.length / size;
  const pictures = (wanted: number): Uint8Array => {
    const taken = new Uint8Array(wanted * size);
    for (let at = 0; at < wanted; at++) {
      const from = (at % count) * size;
      taken.set(pixels.subarray(from, from + size), at * size);
    }
    return taken;
  };
  const measure = async (wanted: number): Promise<LatencyFigures> => {
    const input = pictures(wanted);
    for (let call = 0; call < warmUpCalls; call++) await bundle.answer(input);
    const timesMs: number[] = [];
    const startMs = now();
    while (timesMs.length < maxCalls && (timesMs.length < minCalls || now() - startMs < budgetMs)) {
      throwIfCancelled(signal);
      const callMs = now();
      await bundle.answer(input);
      timesMs.push(now() - callMs);
    }
    const sorted = timesMs.sort((a, b) => a - b);
    const medianMs = quantile(sorted, 0.5);
    return {
      batchSize: wanted,
      calls: sorted.length,
      medianMs,
      p95Ms: quantile(sorted, 0.95),
      picturesPerSecond: (1000 * wanted) / medianMs,
    };
  };
  return { one: await measure(1), batch: await measure(batchSize) };
}

/** Linear interpolation, as numpy.quantile. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)]!;
  return below + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - below);
}
