/** Objects that are sent or fetched: several at once, failures collected, passing ones tried again. */
import { AppError, isAppError, toAppError } from "../../base/errors.ts";
import type { ProgressHandle } from "../../base/progress.ts";
import { counted, formatBytes } from "../../base/quantity.ts";
import { forEachInParallel } from "../../image/in-parallel.ts";
import type { DataHash } from "../data-hash.ts";

/** One object on its way. */
export interface TransferItem {
  readonly hash: DataHash;
  readonly key: string;
  /** Where it is known. */
  readonly sizeBytes?: number;
}

export interface Failure {
  readonly hash: DataHash;
  readonly error: AppError;
}

/** Counts what was transferred, and draws it. */
export class TransferCount {
  readonly failures: Failure[] = [];
  objects = 0;
  bytes = 0;
  readonly #handle: ProgressHandle;

  constructor(handle: ProgressHandle) {
    this.#handle = handle;
  }

  /** `bytes` is undefined for what was there already. */
  done(bytes: number | undefined): void {
    if (bytes !== undefined) {
      this.objects++;
      this.bytes += bytes;
    }
    this.#handle.advance(1, formatBytes(this.bytes));
  }

  failed(hash: DataHash, error: unknown): void {
    this.failures.push({ hash, error: toAppError(error) });
  }
}

/** After so many failures without one success nothing more is begun: it will not get better. */
const hopelessFrom = 50;

/** How often an object is tried, beyond the requests that the store itself repeats. */
const rounds = 3;

export interface TransferSettings {
  readonly jobs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `move` for every item; it answers with the bytes that were moved. What failed for a passing
 * reason is tried again in the end, as long as something works. Errors: INTERRUPTED alone.
 */
export async function transferAll(
  items: readonly TransferItem[],
  move: (item: TransferItem) => Promise<number>,
  count: TransferCount,
  { jobs, signal }: TransferSettings,
): Promise<void> {
  let pending = items;
  for (let round = 1; pending.length > 0; round++) {
    const again: TransferItem[] = [];
    let worked = 0;
    let failed = 0;
    const attempt = async (item: TransferItem): Promise<void> => {
      if (worked === 0 && failed >= hopelessFrom) return count.failed(item.hash, notTried(item));
      try {
        count.done(await move(item));
        worked++;
      } catch (error) {
        if (signal?.aborted || isAppError(error, "INTERRUPTED")) throw error;
        failed++;
        if (round < rounds && isPassing(error)) again.push(item);
        else count.failed(item.hash, error);
      }
    };
    await forEachInParallel(pending, attempt, {
      concurrency: jobs,
      signal,
      sizeOf: ({ sizeBytes = 0 }) => Math.min(sizeBytes, heldBytes),
    });
    pending = again;
  }
}

/** What one object takes in memory at most: one part of a large one. */
const heldBytes = 32 * 2 ** 20;

function isPassing(error: unknown): boolean {
  return isAppError(error, "STORE_FAILED") && /no answer|HTTP 5|SlowDown|ServiceUnavailable/.test(error.received ?? "");
}

function notTried({ key }: TransferItem): AppError {
  return new AppError("STORE_FAILED", {
    required: "an object store that works",
    received: "failures alone",
    where: key,
  });
}

/** The error that sums failures up: their own code where all have one, else DATA_TRANSFER_INCOMPLETE. */
export function incompleteTransfer(
  failures: readonly Failure[],
  total: number,
  done: "sent" | "fetched",
  { address }: { readonly address: string },
): AppError {
  const codes = new Set(failures.map(({ error }) => error.code));
  const [{ error: first, hash }] = failures as [Failure, ...Failure[]]; // there is one
  if (codes.size === 1 && first.code === "DATA_OBJECT_MISSING") {
    return new AppError("DATA_OBJECT_MISSING", {
      required: `${counted(failures.length, "object")} in the cache or in the remote`,
      received: `none, the first ${hash.md5}`,
      where: address,
      hint: "push from the machine that has the data: pawprint data push",
    });
  }
  if (failures.length === 1 && first.code === "DATA_OBJECT_CORRUPT") return first;
  const cause = first.received ?? first.summary;
  return new AppError("DATA_TRANSFER_INCOMPLETE", {
    required: `${counted(total, "object")} to be ${done}`,
    received: `${total - failures.length}, the first failure: ${cause} (${first.where ?? hash.md5})`,
    where: address,
    hint: first.code === "STORE_FAILED" ? "run it again: what is there already stays" : (first.hint ?? "run it again"),
    cause: first,
  });
}
