/** Calls of an object that will be closed. */
import { AppError } from "../base/errors.ts";

export interface CallTracker {
  /** Errors: EXECUTION_FAILED after `end`; those of `call`. */
  run<T>(call: () => Promise<T>): Promise<T>;
  /** Waits for the calls under way, then releases; once only, a second call joins the first. */
  end(release: () => Promise<void>): Promise<void>;
}

/** Calls under way, so that what they use outlives them. */
export function trackCalls(): CallTracker {
  const underWay = new Set<Promise<unknown>>();
  let ending: Promise<void> | undefined;
  return {
    async run(call) {
      if (ending !== undefined) {
        throw new AppError("EXECUTION_FAILED", { required: "an open predictor", received: "one that was closed" });
      }
      const running = call();
      underWay.add(running);
      try {
        return await running;
      } finally {
        underWay.delete(running);
      }
    },
    end(release) {
      ending ??= Promise.allSettled(underWay).then(release);
      return ending;
    },
  };
}
