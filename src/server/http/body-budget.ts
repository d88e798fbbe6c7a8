/** Bounds the memory of request bodies that are under way. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "../../base/errors.ts";
import { createByteBudget } from "./byte-budget.ts";

/** Bodies of the largest size that may be under way at once. */
const largestBodies = 16;

/** Each body counts until its connection or answer ends. */
export interface BodyBudget {
  /**
   * Counts a body before it is read; one of unknown length counts as one of the largest that its
   * route takes, `limit` in bytes. Errors: REQUEST_TOO_LARGE, OVERLOADED, CLIENT_GONE.
   */
  arrives(request: Pick<IncomingMessage, "headers">, response: ServerResponse, limit?: number): void;
  /** Counts bytes that unpacking a body gave. Errors: OVERLOADED, CLIENT_GONE. */
  unpacked(bytes: number, response: ServerResponse): void;
}

export function createBodyBudget(bodyBytes: number): BodyBudget {
  const take = createByteBudget(bodyBytes * largestBodies, "bodies");
  return {
    arrives({ headers }, response, limit = bodyBytes) {
      const declared = Number(headers["content-length"]);
      const bytes = headers["transfer-encoding"] === undefined ? declared : limit;
      if (!(bytes > 0)) return;
      if (declared > limit) {
        throw new AppError("REQUEST_TOO_LARGE", {
          required: `a body of at most ${limit} bytes`,
          received: `${declared} bytes`,
          where: "content-length",
        });
      }
      take(bytes, response);
    },
    unpacked: take,
  };
}
