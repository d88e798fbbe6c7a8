/** Takes a request's body into memory as it arrives, and no more memory than it needs. */
import type { IncomingMessage } from "node:http";
import { AppError } from "../../base/errors.ts";

/**
 * Memory follows the bytes that are here, not those that were announced: 1,000 uploads of 4 MB that
 * broke off at once held the event loop for 4 s, most of it in the garbage collector.
 */
const firstBytes = 2 ** 16;
const growth = 4;

/** More chunks than these must hold `leastBytes` on average: each costs as much as a kilobyte. */
const freeChunks = 10_000;
const leastBytes = 64;

/**
 * Calls `done` once, with the whole body or an error: REQUEST_TOO_LARGE above `limit` bytes,
 * REQUEST_INVALID for a flood of tiny chunks, that of the stream where it breaks off. Chunks are
 * copied together at once: 16 MiB in chunks of one byte are a gigabyte as buffers of their own.
 */
export function collectBody(
  payload: IncomingMessage,
  limit: number,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  const declared = Number(payload.headers["content-length"] ?? Number.NaN);
  const most = declared <= limit ? declared : limit;
  let body = declared <= firstBytes ? Buffer.allocUnsafe(most) : Buffer.alloc(0);
  let length = 0;
  let chunks = 0;
  const finish = (error: Error | null): void => {
    payload.off("data", take).off("end", end).off("error", finish);
    if (error === null) done(null, body.length === length ? body : body.subarray(0, length));
    else done(error);
  };
  const end = (): void => finish(null);
  const take = (chunk: Buffer): void => {
    chunks++;
    const needed = length + chunk.length;
    const isFlood = chunks > freeChunks && needed < chunks * leastBytes;
    if (needed > limit || isFlood) {
      finish(isFlood ? inTinyChunks() : tooLarge(limit));
      return;
    }
    if (needed > body.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(most, Math.max(firstBytes, growth * body.length))));
      body.copy(larger, 0, 0, length);
      body = larger;
    }
    chunk.copy(body, length);
    length = needed;
  };
  payload.on("data", take).on("end", end).on("error", finish);
}

function tooLarge(limit: number): AppError {
  return new AppError("REQUEST_TOO_LARGE", {
    required: `a body of at most ${limit} bytes`,
    received: "more of them",
    where: "body",
  });
}

function inTinyChunks(): AppError {
  return new AppError("REQUEST_INVALID", {
    required: `chunks of at least ${leastBytes} bytes on average`,
    received: `more than ${freeChunks} smaller ones`,
    where: "body",
    hint: "send the body in larger pieces, or with its content-length",
  });
}
