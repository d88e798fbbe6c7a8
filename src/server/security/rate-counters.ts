/** Counters of the rate limit: each lives as long as its window, in bounded memory. */
import type { FastifyRateLimitStore } from "@fastify/rate-limit";

interface Counter {
  count: number;
  readonly startedAt: number;
}

/** Callers that are counted on their own, about 15 MB of them. */
export const counterLimit = 100_000;

/**
 * The store of @fastify/rate-limit, whose own one gives up the counter that was used least recently
 * when it holds 5,000: others could be sent ahead until one's own is gone. Here a counter is given up
 * when its window is over. Above `limit`, callers that are not known yet share one counter; those
 * that are known keep theirs. `now` in milliseconds of a monotonic clock.
 */
export function rateCounters(limit: number, now: () => number): new () => FastifyRateLimitStore {
  return class RateCounters implements FastifyRateLimitStore {
    /** In the order in which their windows began, which is that in which they end. */
    readonly #counters = new Map<string, Counter>();
    #others: Counter | undefined;

    incr(
      key: string,
      callback: (error: null, state: { current: number; ttl: number }) => void,
      windowMs: number,
    ): void {
      const time = now();
      for (const [known, { startedAt }] of this.#counters) {
        if (startedAt + windowMs > time) break;
        this.#counters.delete(known);
      }
      const counter = this.#counters.get(key) ?? this.#begin(key, time, windowMs);
      counter.count++;
      callback(null, { current: counter.count, ttl: counter.startedAt + windowMs - time });
    }

    #begin(key: string, startedAt: number, windowMs: number): Counter {
      const counter = { count: 0, startedAt };
      if (this.#counters.size < limit) this.#counters.set(key, counter);
      else if (this.#others !== undefined && this.#others.startedAt + windowMs > startedAt) return this.#others;
      else this.#others = counter;
      return counter;
    }

    /** One table for all routes: they have one limit. */
    child(): FastifyRateLimitStore {
      return this;
    }
  };
}
