/** Bounds the memory of request bodies that are still arriving. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "../../base/errors.ts";

/** Bodies of the largest size that may arrive at once. */
const largestBodies = 16;

/**
 * Counts a request's body until its connection or answer ends; a body of unknown length counts as
 * one of the largest.
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
        received: `${declared} bytes`,
        where: "content-length",
      });
    }
    if (taken + bytes > budget) {
      throw new AppError("OVERLOADED", {
        required: `at most ${budget / 2 ** 20} MiB of bodies at once`,
        received: "bodies of more",
        retryAfterSeconds: 1,
      });
    }
    taken += bytes;
    response.once("close", () => {
      taken -= bytes;
    });
  };
}
