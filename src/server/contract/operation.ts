/** Routes for those who run the service, and for those who read about it. */
import { Type } from "typebox";
import { defineRoute } from "./route.ts";

export const metrics = defineRoute({
  id: "metrics",
  method: "GET",
  path: "/metrics",
  group: "operation",
  summary: "what Prometheus scrapes",
  scope: "open",
  errorForm: "pawprint",
  answers: { 200: { doc: "metrics", content: { "text/plain": { binary: true, doc: "Prometheus' text format" } } } },
  errors: [],
});

export const openapi = defineRoute({
  id: "openapi",
  method: "GET",
  path: "/openapi.json",
  group: "operation",
  summary: "this document",
  scope: "open",
  errorForm: "pawprint",
  answers: { 200: { doc: "OpenAPI 3.1", content: { "application/json": Type.Record(Type.String(), Type.Unknown()) } } },
  errors: [],
});
