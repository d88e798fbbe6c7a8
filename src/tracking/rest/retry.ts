/** When a failed request is sent again: exponential backoff with jitter. */
import { setTimeout as sleepFor } from "node:timers/promises";
import { interruptionOf } from "../../base/cancel.ts";

/** What a retry asks of the world. */
export interface RetryTiming {
  /** Errors: INTERRUPTED. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export const systemTiming: RetryTiming = {
  sleep: async (ms, signal) => {
    try {
      await sleepFor(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw signal?.aborted ? interruptionOf(signal) : error;
    }
  },
  random: Math.random,
  now: Date.now,
};

const firstMs = 250;
const longestMs = 15_000;
/** A server that asks for more is reported as it is. */
const longestAskedMs = 60_000;

/**
 * Milliseconds before attempt `attempt` + 1: 250, 500, 1000, … at most 15,000, of which up to half
 * is taken off at random, so that clients of one server do not come back together. What the server
 * asks for is waited at least; undefined where that is more than a minute.
 */
export function waitBefore(attempt: number, askedMs: number | undefined, random: () => number): number | undefined {
  if (askedMs !== undefined && askedMs > longestAskedMs) return undefined;
  const full = Math.min(longestMs, firstMs * 2 ** attempt);
  return Math.max(askedMs ?? 0, full * (1 - random() / 2));
}

/** Milliseconds that `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
