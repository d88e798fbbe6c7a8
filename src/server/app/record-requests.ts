/** Tells metrics, log and traces of every request that was answered. */
import type { FastifyRequest } from "fastify";
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

export type RequestRecorder = (request: FastifyRequest, status: number) => void;

export function createRequestRecorder({ metrics, log, tracing, now }: RecordOptions): RequestRecorder {
  return (request, status) => {
    const { context, method } = request;
    const contract = request.routeOptions.config.contract;
    const route = contract?.path ?? (status === 404 ? "unknown" : "static");
    const totalMs = now() - context.startedAt;
    metrics.answered(route, method, status, context, totalMs);
    log.answered(route, method, status, context, totalMs);
    if (contract?.scope !== "open") tracing?.answered(route, method, status, context, totalMs);
  };
}
