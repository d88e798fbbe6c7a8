/** The repository's lock for as long as a `repro` lasts, but for the time in which only commands run. */
import { createQueue } from "./repro-schedule.ts";

/** Takes a lock, and holds it until `work` has ended. */
export type WithLock = (work: () => Promise<void>) => Promise<void>;

export interface LockSession {
  /** Runs work while the lock is held; one piece at a time. Errors: LOCKED; what the work throws. */
  locked<T>(work: () => Promise<T>): Promise<T>;
  /** Runs work during which others may have the lock. */
  unlocked<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Taking a lock starts a program and a thread: too much for each of a hundred stages that did not
 * change. So it is kept from one piece of work to the next, unless commands run meanwhile.
 */
export function openLockSession(withLock: WithLock): LockSession {
  const queue = createQueue();
  let held: { readonly release: () => void; readonly ended: Promise<void> } | undefined;
  let unlockedWork = 0;
  let waiting = 0;

  const take = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const hold = (): Promise<void> =>
        new Promise((release) => {
          held = { release, ended };
          resolve();
        });
      const ended = Promise.resolve().then(() => withLock(hold));
      ended.catch(reject);
    });
  const release = async (): Promise<void> => {
    const last = held;
    held = undefined;
    last?.release();
    await last?.ended;
  };
  const releaseIfIdle = async (): Promise<void> => {
    if (unlockedWork > 0 && waiting === 0) await release();
  };
  return {
    locked(work) {
      waiting++;
      return queue(async () => {
        waiting--;
        if (held === undefined) await take();
        return work().finally(releaseIfIdle);
      });
    },
    async unlocked(work) {
      unlockedWork++;
      try {
        await queue(releaseIfIdle);
        return await work();
      } finally {
        unlockedWork--;
      }
    },
    close: () => queue(release),
  };
}
