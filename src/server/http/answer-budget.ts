/** Bounds the memory of answers that are on their way to callers. */
import type { FastifyInstance } from "fastify";
import { toAppError } from "../../base/errors.ts";
import { createByteBudget } from "./byte-budget.ts";

/** Of all answers at once, in bytes. */
const budgetBytes = 128 * 2 ** 20;
/** Smaller answers fit into what the kernel takes at once; the limit of connections bounds them. */
const smallBytes = 16 * 2 ** 10;
/** What a file that is read while it is sent holds: a block that was read, and one that is read. */
const streamBytes = 128 * 2 ** 10;

/**
 * Counts each answer until its connection has taken it; where those under way hold too much, it is
 * an OVERLOADED one instead.
 */
export function limitAnswers(app: FastifyInstance, limitBytes = budgetBytes): void {
  const take = createByteBudget(limitBytes, "answers");
  app.addHook("onSend", (_request, reply, payload, done) => {
    const bytes = bytesOf(payload);
    if (bytes <= smallBytes) return done();
    try {
      take(bytes, reply.raw);
    } catch (error) {
      if (isStream(payload)) payload.destroy();
      for (const name of ["cache-control", "etag", "last-modified", "content-length"]) reply.removeHeader(name);
      return done(toAppError(error));
    }
    done();
  });
}

function bytesOf(payload: unknown): number {
  if (typeof payload === "string") return payload.length;
  if (payload instanceof Uint8Array) return payload.byteLength;
  return isStream(payload) ? streamBytes : 0;
}

function isStream(payload: unknown): payload is NodeJS.ReadableStream & { destroy(): void } {
  return typeof payload === "object" && payload !== null && "destroy" in payload;
}
