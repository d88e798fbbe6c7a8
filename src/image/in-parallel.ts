/** Runs asynchronous work on many items, a bounded number at a time. */
import { availableParallelism } from "node:os";
import { throwIfCancelled } from "../base/cancel.ts";
import { openFileLimit } from "../base/machine/open-file-limit.ts";
import { createByteSemaphore } from "./byte-semaphore.ts";

/** Files that the process has open besides: streams, threads, shards, the engine. */
const otherFiles = 48;

/**
 * Enough to keep every core decoding while other files are read and written: 2, 4, 6 and 8 per core
 * packed 518, 612, 640 and 685 photographs a second. Fewer where the process may open few files: a
 * picture has two open while it is copied.
 */
export const defaultConcurrency = concurrencyWithin(openFileLimit(), availableParallelism());

/** For a limit of open files (`ulimit -n`); at least 1. */
export function concurrencyWithin(limit: number | undefined, cores: number): number {
  const files = limit === undefined ? Number.POSITIVE_INFINITY : Math.floor((limit - otherFiles) / 2);
  return Math.max(1, Math.min(cores * 8, files));
}

/** What the items under way may take together; a larger one is worked on alone. */
const heldLimitBytes = 256 * 2 ** 20;

export interface ParallelOptions<T> {
  readonly concurrency?: number;
  readonly signal?: AbortSignal | undefined;
  /** Memory that an item takes while it is worked on, in bytes; 256 MiB are under way at most. */
  readonly sizeOf?: (item: T) => number;
}

/**
 * Calls `work` for every item, starting them in order, at most `concurrency` at once. The first
 * failure in the items' order is thrown after the work under way has ended, so the same input fails
 * with the same error every time.
 * Errors: what `work` throws, or `items` where it is made while it is gone through; INTERRUPTED
 * where `signal` is aborted.
 */
export async function forEachInParallel<T>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T, index: number) => Promise<void>,
  { concurrency = defaultConcurrency, signal, sizeOf = () => 0 }: ParallelOptions<T> = {},
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const memory = createByteSemaphore(heldLimitBytes);
  let started = 0;
  const failures: { readonly index: number; readonly error: unknown }[] = [];
  const isEnding = (): boolean => failures.length > 0 || signal?.aborted === true;

  async function lane(): Promise<void> {
    while (!isEnding()) {
      let index = Number.POSITIVE_INFINITY;
      try {
        const next = await iterator.next();
        if (next.done) return;
        index = started++;
        await memory.hold(sizeOf(next.value), async () => {
          if (!isEnding()) await work(next.value, index);
        });
      } catch (error) {
        failures.push({ index, error });
      }
    }
  }

  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, lane));
  await iterator.return?.();
  throwIfCancelled(signal);
  const [first] = failures.sort((a, b) => a.index - b.index);
  if (first !== undefined) throw first.error;
}
