/** Routes that say whether the service lives and whether it may be sent requests. */
import { Type } from "typebox";
import { defineRoutes } from "./route.ts";

const State = Type.Object(
  { status: Type.String(), reason: Type.Optional(Type.String()) },
  { title: "State", additionalProperties: false },
);
const Health = Type.Object(
  { status: Type.Literal("healthy"), model_loaded: Type.Boolean() },
  { title: "Health", additionalProperties: false },
);

export const healthRoutes = defineRoutes(
  { group: "health", scope: "open", errorForm: "pawprint" },
  {
    health: {
      summary: "healthy once a model is loaded",
      answers: { 200: { doc: "the service answers", content: { "application/json": Health } } },
    },
    livez: {
      summary: "liveness: restart the process when it does not answer",
      answers: { 200: { doc: "alive", content: { "application/json": State } } },
    },
    readyz: {
      summary: "readiness: 503 while starting and after SIGTERM",
      answers: {
        200: { doc: "ready", content: { "application/json": State } },
        503: { doc: "not ready; `reason` says why", content: { "application/json": State } },
      },
    },
  },
);
