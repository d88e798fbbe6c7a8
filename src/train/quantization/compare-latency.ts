/** Latencies of several bundles beside each other, taken in turns: what else the machine does then hits all of them alike. */
import { throwIfCancelled } from "../../base/cancel.ts";
import type { LoadedBundle } from "../../bundle/load-bundle.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import type { Latency, LatencyFigures } from "../../metrics/latency-figures.ts";
import { quantile } from "../evaluation/latency.ts";

export interface CompareLatencyOptions {
  /** Of the second measurement; the first is of single pictures. */
  readonly batchSize?: number;
  /** For each bundle and each size of batch; at least `minCalls` calls are made. */
  readonly budgetMs?: number;
  readonly now?: () => number;
  /** Is told after each turn how long it took. */
  readonly onTurn?: (durationMs: number) => void;
  readonly signal?: AbortSignal | undefined;
}

const warmUpCalls = 2;
const minCalls = 5;
const maxCalls = 1000;
/** One turn: long enough that the caches are the bundle's own again, short beside what disturbs a machine. */
const turnMs = 25;

/**
 * Latency of each bundle, for one picture and for a batch: `pixels` uint8 `[N,H,W,C]`, N at least 1,
 * repeated where they are fewer than a batch. Errors: EXECUTION_FAILED, INTERRUPTED.
 */
export async function compareLatency(
  bundles: readonly LoadedBundle[],
  pixels: Uint8Array,
  { batchSize = 32, budgetMs = 1000, now = () => performance.now(), onTurn, signal }: CompareLatencyOptions = {},
): Promise<readonly Latency[]> {
  const measure = async (wanted: number): Promise<readonly LatencyFigures[]> => {
    const inputs = bundles.map(({ info }) => repeated(pixels, recipeSizeBytes(info.recipe) * wanted));
    const call = async (at: number): Promise<number> => {
      throwIfCancelled(signal);
      const startMs = now();
      await bundles[at]!.answer(inputs[at]!);
      return now() - startMs;
    };
    for (const at of bundles.keys()) for (let count = 0; count < warmUpCalls; count++) await call(at);
    const times = bundles.map((): number[] => []);
    const spentMs = bundles.map(() => 0);
    const isDone = (at: number): boolean =>
      times[at]!.length >= maxCalls || (times[at]!.length >= minCalls && spentMs[at]! >= budgetMs);
    while (!bundles.every((_, at) => isDone(at))) {
      for (const at of bundles.keys()) {
        let takenMs = 0;
        while (takenMs < turnMs && !isDone(at)) {
          const ms = await call(at);
          times[at]!.push(ms);
          takenMs += ms;
        }
        spentMs[at]! += takenMs;
        onTurn?.(takenMs);
      }
    }
    return times.map((list) => figuresOf(list, wanted));
  };
  const [ones, batches] = [await measure(1), await measure(batchSize)];
  return bundles.map((_, at) => ({ one: ones[at]!, batch: batches[at]! }));
}

function figuresOf(timesMs: number[], batchSize: number): LatencyFigures {
  const sorted = timesMs.sort((a, b) => a - b);
  const medianMs = quantile(sorted, 0.5);
  return {
    batchSize,
    calls: sorted.length,
    medianMs,
    p95Ms: quantile(sorted, 0.95),
    picturesPerSecond: (1000 * batchSize) / medianMs,
  };
}

/** The bytes over and over, up to a length. */
function repeated(bytes: Uint8Array, length: number): Uint8Array {
  const filled = new Uint8Array(length);
  for (let at = 0; at < length; at += bytes.length) filled.set(bytes.subarray(0, length - at), at);
  return filled;
}
