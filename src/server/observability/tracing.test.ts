import { InMemorySpanExporter } from "@opentelemetry/sdk-trace-base";
import { expect, it } from "vitest";
import { RequestContext } from "../http/request-context.ts";
import { openTracing } from "./tracing.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

async function spansOf(traceparent: string | undefined, status = 200) {
  const exporter = new InMemorySpanExporter();
  const kept: ReturnType<InMemorySpanExporter["getFinishedSpans"]> = [];
  const shutdown = exporter.shutdown.bind(exporter);
  exporter.shutdown = () => {
    kept.push(...exporter.getFinishedSpans());
    return shutdown();
  };
  const tracing = await openTracing({
    endpoint: "http://localhost:1",
    version: "1.2.3",
    now: () => 1_800_000_005_000,
    exporter,
  });
  const context = new RequestContext(traceparent === undefined ? {} : { traceparent }, undefined, 0, 1000);
  context.took("inference", 2.5);
  if (status === 200) context.outcome = { modelVersion: "abc", pictures: 1 };
  else context.errorCode = "OVERLOADED";
  tracing.answered("/predict", "POST", status, context, 20);
  await tracing.close();
  return kept;
}

it("makes a request a span of the caller's trace, with its phases", async () => {
  const [span, ...others] = await spansOf(`00-${traceId}-${spanId}-01`);
  expect(others).toEqual([]);
  expect(span!.spanContext().traceId).toBe(traceId);
  expect(span!.parentSpanContext?.spanId).toBe(spanId);
  expect(span!.name).toBe("POST /predict");
  expect(span!.attributes).toMatchObject({
    "http.response.status_code": 200,
    "pawprint.model_version": "abc",
    "pawprint.inference_ms": 2.5,
  });
  expect(span!.startTime).toEqual([1_800_000_004, 980_000_000]);
  expect(span!.endTime).toEqual([1_800_000_005, 0]);
  expect(span!.resource.attributes).toMatchObject({ "service.name": "pawprint", "service.version": "1.2.3" });
});

it("sends nothing of a trace that its caller does not sample", async () => {
  expect(await spansOf(`00-${traceId}-${spanId}-00`)).toEqual([]);
});

it("begins a trace where the caller has none, and marks failures", async () => {
  const [span] = await spansOf(undefined, 503);
  expect(span!.parentSpanContext).toBeUndefined();
  expect(span!.status).toEqual({ code: 2 });
  expect(span!.attributes).toMatchObject({ "error.type": "OVERLOADED" });
});
