/** Copies many objects between folders, in threads. */
import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError } from "../../base/errors.ts";
import { cpuLimit } from "../../base/machine/cpu-limit.ts";
import { openThread, type Thread } from "../../base/threads/thread.ts";
import type { CopyBatch, CopyResult, CopyTask } from "./copy-batch.ts";

export interface CopyOptions {
  readonly signal?: AbortSignal;
  /** Called for every task: the bytes that were copied, undefined for what was there, or why not. */
  readonly onResult: (at: number, result: number | undefined | AppError) => void;
}

const batchTasks = 256;
/** A thread is worth its start from about so many files on. */
const threadsFrom = 512;

/** Errors: INTERRUPTED; those of single tasks go to `onResult`. */
export async function copyObjects(tasks: readonly CopyTask[], { signal, onResult }: CopyOptions): Promise<void> {
  const stop = new SharedArrayBuffer(1);
  const end = (): void => void Atomics.store(new Uint8Array(stop), 0, 1);
  throwIfCancelled(signal);
  if (tasks.length === 0) return;
  signal?.addEventListener("abort", end, { once: true });
  let next = 0;
  const work = async (thread: Thread<CopyBatch, readonly CopyResult[]>): Promise<void> => {
    while (next < tasks.length && !signal?.aborted) {
      const start = next;
      next = Math.min(tasks.length, start + batchTasks);
      const results = await thread.ask({ tasks: tasks.slice(start, next), stop });
      for (const [at, { bytes, error }] of results.entries()) {
        onResult(start + at, error === undefined ? bytes : new AppError(error.code, error.detail));
      }
    }
  };
  const threads: Thread<CopyBatch, readonly CopyResult[]>[] = [];
  try {
    const count = tasks.length < threadsFrom ? 1 : cpuLimit();
    for (let at = 0; at < count; at++) threads.push(openThread(new URL("./copy-thread.ts", import.meta.url)));
    await Promise.all(threads.map(work));
  } finally {
    signal?.removeEventListener("abort", end);
    await Promise.all(threads.map((thread) => thread.close()));
  }
  throwIfCancelled(signal);
}
