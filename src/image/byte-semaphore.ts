/** A semaphore of bytes: bounds the memory that pieces of work hold at the same time, whoever asks for them. */

export interface ByteSemaphore {
  /**
   * Runs `work` once `bytes` are free, in the order in which it was asked. Work that needs more
   * than there is runs alone.
   */
  hold<T>(bytes: number, work: () => Promise<T>): Promise<T>;
  readonly heldBytes: number;
}

export function createByteSemaphore(limitBytes: number): ByteSemaphore {
  const queue: { readonly bytes: number; readonly start: () => void }[] = [];
  let heldBytes = 0;
  const fits = (bytes: number): boolean => heldBytes === 0 || heldBytes + bytes <= limitBytes;
  const take = (bytes: number): Promise<void> | undefined => {
    if (queue.length > 0 || !fits(bytes)) return new Promise((start) => queue.push({ bytes, start }));
    heldBytes += bytes;
    return undefined;
  };
  const give = (bytes: number): void => {
    heldBytes -= bytes;
    for (let next = queue[0]; next !== undefined && fits(next.bytes); next = queue[0]) {
      queue.shift();
      heldBytes += next.bytes;
      next.start();
    }
  };
  return {
    async hold(bytes, work) {
      await take(bytes);
      try {
        return await work();
      } finally {
        give(bytes);
      }
    },
    get heldBytes() {
      return heldBytes;
    },
  };
}
