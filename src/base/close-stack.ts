/** What was opened one after another, and is closed in the reverse order: at the end, or where the next opening fails. */

export interface CloseStack {
  /** Adds what closes the part that was just opened. */
  add(close: () => unknown): void;
  /** Closes all of it, each once, also where one of them fails. Throws the first failure. */
  close(): Promise<void>;
}

export function createCloseStack(): CloseStack {
  const closers: (() => unknown)[] = [];
  return {
    add: (close) => void closers.push(close),
    async close() {
      const failures: unknown[] = [];
      for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
        try {
          await close();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
