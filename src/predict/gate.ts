/** A first-in-first-out semaphore for pieces of work with deadlines. */
import { clientGone, deadlineExceeded, type Urgency } from "./batcher.ts";

export interface Gate {
  /**
   * Runs `work` when its turn comes. Errors: CLIENT_GONE, DEADLINE_EXCEEDED where it did not come
   * in time; what `work` throws.
   */
  pass<T>(urgency: Urgency, work: () => Promise<T>): Promise<T>;
  /** Tasks that wait. */
  readonly waiting: number;
}

export function createGate(width: number, now: () => number): Gate {
  const queue: (() => void)[] = [];
  let inside = 0;
  const turn = (): Promise<void> => {
    if (inside < width) {
      inside++;
      return Promise.resolve();
    }
    return new Promise((resolve) => queue.push(resolve));
  };
  return {
    async pass(urgency, work) {
      const enqueuedAt = now();
      await turn();
      try {
        if (urgency.isGone) throw clientGone();
        if (urgency.deadline <= now()) throw deadlineExceeded(now() - enqueuedAt);
        return await work();
      } finally {
        // The next in line takes over the slot.
        const next = queue.shift();
        if (next) next();
        else inside--;
      }
    },
    get waiting() {
      return queue.length;
    },
  };
}
