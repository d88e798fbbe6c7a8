/** Routes that say whether the service lives and whether it may be sent requests. */
import { Type } from "typebox";
import { defineRoute } from "./route.ts";

const State = Type.Object(
  { status: Type.String(), reason: Type.Optional(Type.String()) },
  { title: "State", additionalProperties: false },
);

export const health = defineRoute({
  id: "health",
  method: "GET",
  path: "/health",
  group: "health",
  summary: "healthy once a model is loaded",
  scope: "open",
  errorForm: "pawprint",
  answers: {
    200: {
      doc: "the service answers",
      content: {
        "application/json": Type.Object(
          { status: Type.Literal("healthy"), model_loaded: Type.Boolean() },
          { title: "Health", additionalProperties: false },
        ),
      },
    },
  },
  errors: [],
});

export const livez = defineRoute({
  id: "livez",
  method: "GET",
  path: "/livez",
  group: "health",
  summary: "200 while the process answers at all: restart it when it does not",
  scope: "open",
  errorForm: "pawprint",
  answers: { 200: { doc: "alive", content: { "application/json": State } } },
  errors: [],
});

export const readyz = defineRoute({
  id: "readyz",
  method: "GET",
  path: "/readyz",
  group: "health",
  summary: "200 while requests are welcome, 503 while starting and after SIGTERM",
  scope: "open",
  errorForm: "pawprint",
  answers: {
    200: { doc: "ready", content: { "application/json": State } },
    503: { doc: "not ready; `reason` says why", content: { "application/json": State } },
  },
  errors: [],
});
