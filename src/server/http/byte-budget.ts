/** Bounds the memory of what is under way over all connections; what is too much is refused. */
import type { ServerResponse } from "node:http";
import { AppError } from "../../base/errors.ts";

/**
 * Counts bytes until the answer closes, or until the function that it gives is called. Errors:
 * OVERLOADED above the limit, CLIENT_GONE.
 */
export type ByteBudget = (bytes: number, response: ServerResponse) => () => void;

/**
 * `what` they are, in the plural, for the error; `makeRoom` is asked to give some of them back before
 * bytes are refused.
 */
export function createByteBudget(limit: number, what: string, makeRoom?: () => void): ByteBudget {
  let taken = 0;
  return (bytes, response) => {
    // It would never say again that it closes, and the bytes would count for good.
    if (response.closed || response.destroyed) {
      throw new AppError("CLIENT_GONE", { required: "a complete request", received: "a closed connection" });
    }
    if (taken + bytes > limit) makeRoom?.();
    if (taken + bytes > limit) {
      throw new AppError("OVERLOADED", {
        required: `at most ${limit / 2 ** 20} MiB of ${what} at once`,
        received: `${what} of more`,
        retryAfterSeconds: 1,
      });
    }
    taken += bytes;
    let counted = bytes;
    const giveBack = (): void => {
      taken -= counted;
      counted = 0;
    };
    response.once("close", giveBack);
    return giveBack;
  };
}
