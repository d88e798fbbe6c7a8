/**
 * Traces for OpenTelemetry: one span for each admitted request, as a part of the caller's trace.
 * The packages are optional, and loaded only where an endpoint is configured.
 */
import type { SpanExporter } from "@opentelemetry/sdk-trace-base";
import { importOptional } from "../../base/optional-package.ts";
import type { RequestContext } from "../http/request-context.ts";

export interface Tracing {
  answered(route: string, method: string, status: number, context: RequestContext, totalMs: number): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

export interface TracingOptions {
  /** Where the collector takes OTLP over HTTP: `http://collector:4318/v1/traces`. */
  readonly endpoint: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Instead of the one for the endpoint. */
  readonly exporter?: SpanExporter;
}

const packages = [
  "@opentelemetry/api",
  "@opentelemetry/sdk-trace-base",
  "@opentelemetry/exporter-trace-otlp-http",
  "@opentelemetry/resources",
];

function loadPackages() {
  return Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace-base"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
}

/**
 * Names of attributes follow OpenTelemetry's semantic conventions for HTTP; Pawprint's own begin
 * with `pawprint.`.
 * Errors: PACKAGE_MISSING.
 */
export async function openTracing({ endpoint, version, now, exporter }: TracingOptions): Promise<Tracing> {
  const [api, { BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await importOptional(loadPackages, packages, "to send traces");
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } = api;
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": "pawprint", "service.version": version }),
    spanProcessors: [new BatchSpanProcessor(exporter ?? new OTLPTraceExporter({ url: endpoint }))],
  });
  const parentOf = ({ parent }: RequestContext) => {
    if (parent === undefined) return ROOT_CONTEXT;
    const { traceId, spanId, isSampled } = parent;
    const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
  };
  const tracer = provider.getTracer("pawprint", version);
  return {
    answered(route, method, status, context, totalMs) {
      const endTime = now();
      const { id, phases, outcome, errorCode } = context;
      const span = tracer.startSpan(
        `${method} ${route}`,
        {
          kind: SpanKind.SERVER,
          startTime: endTime - totalMs,
          attributes: {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "pawprint.request_id": id,
            ...(errorCode !== undefined && { "error.type": errorCode }),
            ...(outcome !== undefined && {
              "pawprint.model_version": outcome.modelVersion,
              "pawprint.pictures": outcome.pictures,
              "pawprint.decode_ms": phases.decode ?? 0,
              "pawprint.queue_ms": phases.queue ?? 0,
              "pawprint.inference_ms": phases.inference ?? 0,
            }),
          },
        },
        parentOf(context),
      );
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(endTime);
    },
    close: () => provider.shutdown(),
  };
}
