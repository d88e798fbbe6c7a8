/** Bounds the memory of request bodies that are under way. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "../../base/errors.ts";
import { type ByteBudget, createByteBudget } from "./byte-budget.ts";

/** Bodies of the largest size that may be under way at once. */
const largestBodies = 16;
/**
 * Bodies of at most a sixteenth of the largest have room of their own, as much as two of the
 * largest: else sixteen callers with large ones would keep all others out.
 */
const [smallPart, smallRoom] = [16, 2];

export interface BodyBudgetOptions {
  /** The largest body, in bytes. */
  readonly bodyBytes: number;
  /** How long a request may take to arrive. */
  readonly timeoutMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Told of each body that was given up for others. */
  readonly onGiveUp: () => void;
}

type Request = Pick<IncomingMessage, "headers" | "complete" | "socket">;

/** Each body counts until its connection or answer ends. */
export interface BodyBudget {
  /**
   * Counts a body before it is read; one of unknown length counts as one of the largest that its
   * route takes, `limit` in bytes. Where there is no room, bodies that would not arrive in time at
   * their present rate lose their connections. Errors: REQUEST_TOO_LARGE, OVERLOADED, CLIENT_GONE.
   */
  arrives(request: Request, response: ServerResponse, limit?: number): void;
  /** Counts bytes that unpacking a body gave. Errors: OVERLOADED, CLIENT_GONE. */
  unpacked(bytes: number, response: ServerResponse): void;
}

interface ArrivingBody {
  readonly request: Request;
  readonly bytes: number;
  readonly startedAt: number;
  /** What its connection had read when it began. */
  readonly readBefore: number;
  readonly giveBack: () => void;
}

/** A body is not late sooner: its first bytes may be under way. */
const graceMs = 1000;
/** How often bodies are looked through, at most: refusals come in floods. */
const lookMs = 100;

export function createBodyBudget({ bodyBytes, timeoutMs, now, onGiveUp }: BodyBudgetOptions): BodyBudget {
  const bodies = new Set<ArrivingBody>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  const isLate = ({ request, bytes, startedAt, readBefore }: ArrivingBody): boolean => {
    const shareOfTime = (now() - startedAt) / timeoutMs;
    const shareOfBytes = (request.socket.bytesRead - readBefore) / bytes;
    return !request.complete && now() - startedAt > graceMs && shareOfBytes < shareOfTime;
  };
  const giveUpLate = (): void => {
    if (now() - lookedAt < lookMs) return;
    lookedAt = now();
    for (const body of bodies) {
      if (!isLate(body)) continue;
      body.giveBack();
      bodies.delete(body);
      // The error stands in the log: its caller did not go away by itself.
      body.request.socket.destroy(tooSlow());
      onGiveUp();
    }
  };
  const takeLarge = createByteBudget(bodyBytes * largestBodies, "bodies", giveUpLate);
  const takeSmall = createByteBudget(bodyBytes * smallRoom, "small bodies", giveUpLate);
  const take: ByteBudget = (bytes, response) =>
    (bytes * smallPart > bodyBytes ? takeLarge : takeSmall)(bytes, response);
  return {
    arrives(request, response, limit = bodyBytes) {
      const { headers, socket } = request;
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
      const giveBack = take(bytes, response);
      const body = { request, bytes, startedAt: now(), readBefore: socket.bytesRead, giveBack };
      bodies.add(body);
      response.once("close", () => bodies.delete(body));
    },
    unpacked: take,
  };
}

function tooSlow(): AppError {
  return new AppError("OVERLOADED", {
    required: "a body that arrives in time, while others wait for its place",
    received: "a slower one",
    retryAfterSeconds: 1,
  });
}
