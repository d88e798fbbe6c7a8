/** Routes for those who run the service, and for those who read about it. */
import { Type } from "typebox";
import { defineRoutes } from "./route.ts";

const OpenApi = Type.Record(Type.String(), Type.Unknown());

export const operationRoutes = defineRoutes(
  { group: "operation", scope: "open", errorForm: "pawprint" },
  {
    metrics: {
      summary: "metrics in the text format of Prometheus",
      answers: { 200: { doc: "metrics", content: { "text/plain": { binary: true, doc: "Prometheus' text format" } } } },
    },
    openapi: {
      summary: "this OpenAPI document",
      answers: { 200: { doc: "OpenAPI 3.1", content: { "application/json": OpenApi } } },
    },
  },
);
