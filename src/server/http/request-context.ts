/** The state of a request: its id, its deadline, the time of each phase, and its outcome. */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { AppError } from "../../base/errors.ts";
import type { Urgency } from "../../predict/batcher.ts";

/** Milliseconds of each phase. With several pictures: of the slowest. */
export interface Phases {
  decode?: number;
  queue?: number;
  inference?: number;
}

/** What the request log and the traces say of an answer. */
export interface RequestOutcome {
  readonly modelVersion: string;
  readonly pictures: number;
  readonly batchSize?: number;
  readonly label?: string;
  readonly confidence?: number;
}

/** An authenticated caller. */
export interface Caller {
  /** Stands in the log. */
  readonly id: string;
  readonly requestsPerMinute?: number;
}

export class RequestContext implements Urgency {
  readonly id: string;
  /** The caller's span, where the request says that it is a part of a trace. */
  readonly parent: TraceParent | undefined;
  /** By the server's clock, in milliseconds. */
  readonly startedAt: number;
  deadline: number;
  readonly phases: Phases = {};
  outcome: RequestOutcome | undefined;
  caller: Caller | undefined;
  errorCode: string | undefined;
  readonly #socket: Socket | undefined;

  constructor(headers: IncomingHttpHeaders, socket: Socket | undefined, startedAt: number, limitMs: number) {
    const trace = parseTraceparent(headers.traceparent);
    this.parent = trace;
    this.id = requestIdFrom(headers["x-request-id"]) ?? trace?.traceId ?? randomUUID();
    this.startedAt = startedAt;
    this.deadline = startedAt + limitMs;
    this.#socket = socket;
  }

  get isGone(): boolean {
    return this.#socket?.destroyed ?? false;
  }

  /** Keeps the longest time that a phase took for any picture of the request. */
  took(phase: keyof Phases, ms: number): void {
    this.phases[phase] = Math.max(this.phases[phase] ?? 0, ms);
  }
}

/** The caller's own id where it is a short plain word: anything else could inject log lines. */
function requestIdFrom(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" && /^[\w.:/+=@-]{1,128}$/.test(header) ? header : undefined;
}

/**
 * Milliseconds that an answer may take: the header x-deadline-ms can only shorten them. Errors:
 * REQUEST_INVALID.
 */
export function deadlineFrom(header: string | string[] | undefined, limitMs: number): number {
  if (header === undefined) return limitMs;
  const wanted = Number(header);
  if (Number.isFinite(wanted) && wanted >= 1) return Math.min(wanted, limitMs);
  throw new AppError("REQUEST_INVALID", {
    required: "a number of milliseconds of at least 1 in x-deadline-ms",
    received: JSON.stringify(header).slice(0, 80),
    where: "header",
  });
}

/** What a `traceparent` header says. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** Undefined for a header that is not valid. Source: W3C Trace Context, version 00. */
export function parseTraceparent(header: string | string[] | undefined): TraceParent | undefined {
  if (typeof header !== "string") return undefined;
  const found = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(header);
  if (!found) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = "", rest] = found;
  const isZero = (digits: string): boolean => /^0+$/.test(digits);
  if (version === "ff" || (version === "00" && rest !== undefined) || isZero(traceId) || isZero(spanId))
    return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
