/** What the service knows of a request while it answers: its id, its time limit, how long each phase took, and what came out. */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Urgency } from "../../predict/batcher.ts";

/** Milliseconds of each phase. With several pictures: of the slowest. */
export interface Phases {
  decode?: number;
  queue?: number;
  inference?: number;
}

/** What a log line and the metrics tell of an answer. */
export interface Outcome {
  readonly modelVersion: string;
  readonly pictures: number;
  readonly batchSize?: number;
  readonly label?: string;
  readonly confidence?: number;
}

/** A caller that was let in. */
export interface Caller {
  readonly id: string;
  readonly name: string;
}

export class RequestContext implements Urgency {
  readonly id: string;
  /** W3C trace context: 32 hexadecimal digits, where the caller sent one. */
  readonly traceId: string | undefined;
  /** By the server's clock, in milliseconds. */
  readonly startedAt: number;
  deadline: number;
  readonly phases: Phases = {};
  outcome: Outcome | undefined;
  caller: Caller | undefined;
  errorCode: string | undefined;
  readonly #socket: Socket | undefined;

  constructor(headers: IncomingHttpHeaders, socket: Socket | undefined, startedAt: number, limitMs: number) {
    const trace = parseTraceparent(headers.traceparent);
    this.traceId = trace;
    this.id = requestIdFrom(headers["x-request-id"]) ?? trace ?? randomUUID();
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

/** The caller's own id where it is a short plain word: anything else could forge log lines. */
function requestIdFrom(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" && /^[\w.:/+=@-]{1,128}$/.test(header) ? header : undefined;
}

/** The trace id of a valid header. Source: W3C Trace Context, version 00. */
export function parseTraceparent(header: string | string[] | undefined): string | undefined {
  if (typeof header !== "string") return undefined;
  const found = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(-.*)?$/.exec(header);
  if (!found || header.startsWith("ff") || (header.startsWith("00") && found[3] !== undefined)) return undefined;
  const isZero = (digits: string | undefined): boolean => digits === undefined || /^0+$/.test(digits);
  return isZero(found[1]) || isZero(found[2]) ? undefined : found[1];
}
