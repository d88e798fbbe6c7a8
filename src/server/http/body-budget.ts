/** Bounds the memory of bodies that are still arriving, whatever their number. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "../../base/errors.ts";

/** Bodies of the largest size that may arrive at once. */
const largestBodies = 16;

/**
 * Takes a request's body into account until its connection or answer ends; one that does not say
 * its length counts as one of the largest.
 * Errors: REQUEST_TOO_LARGE, OVERLOADED.
 */
export function createBodyBudget(bodyBytes: number): (request: IncomingMessage, response: ServerResponse) => void {
  const budget = bodyBytes * largestBodies;
  let taken = 0;
  return ({ headers }, response) => {
    const declared = Number(headers["content-length"]);
    const bytes = headers["transfer-encoding"] === undefined ? declared : bodyBytes;
    if (!(bytes > 0)) return;
    if (declared > bodyBytes) {
      throw new AppError("REQUEST_TOO_LARGE", {
        required: `a body of at most ${bodyBytes} bytes`,
        received: `${declared}`,
        where: "content-length",
      });
    }
    if (taken + bytes > budget) {
      throw new AppError("OVERLOADED", {
        required: `at most ${budget / 2 ** 20} MiB of bodies at once`,
        received: "more",
        retryAfterSeconds: 1,
      });
    }
    taken += bytes;
    response.once("close", () => {
      taken -= bytes;
    });
  };
}
