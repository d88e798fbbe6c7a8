/** Tells metrics, log and traces of every request that was answered. */
import type { FastifyRequest } from "fastify";
import type { RequestContext } from "../http/request-context.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { RequestLog } from "../observability/request-log.ts";
import type { Tracing } from "../observability/tracing.ts";

export interface RecordOptions {
  readonly metrics: Metrics;
  readonly log: RequestLog;
  readonly tracing: Tracing | undefined;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

export interface RequestRecorders {
  readonly record: (request: FastifyRequest, status: number) => void;
  /** For an answer to what never became a request. */
  readonly recordBroken: (context: RequestContext, status: number) => void;
}

export type RequestRecorder = RequestRecorders["record"];

export function createRequestRecorders({ metrics, log, tracing, now }: RecordOptions): RequestRecorders {
  return {
    record(request, status) {
      const { context, method } = request;
      const contract = request.routeOptions.config.contract;
      const route = contract?.path ?? (request.is404 || status === 404 ? "unknown" : "static");
      const totalMs = now() - context.startedAt;
      metrics.answered(route, method, status, context, totalMs);
      log.answered(route, method, status, context, totalMs);
      if (contract?.scope !== "open") tracing?.answered(route, method, status, context, totalMs);
    },
    recordBroken(context, status) {
      const totalMs = now() - context.startedAt;
      metrics.answered("unknown", "unknown", status, context, totalMs);
      log.answered("unknown", "unknown", status, context, totalMs);
    },
  };
}
