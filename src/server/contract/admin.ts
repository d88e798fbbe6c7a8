/** Routes that change what serves. They answer on the admin port only. */
import { Type } from "typebox";
import { VersionState } from "./model.ts";
import { defineRoute } from "./route.ts";

const Versions = Type.Object(
  { versions: Type.Array(VersionState), canary_percent: Type.Number() },
  { title: "Versions" },
);
const answers = { 200: { doc: "the versions after it", content: { "application/json": Versions } } } as const;
const route = { group: "admin", scope: "admin", errorForm: "pawprint", answers } as const;

export const adminModels = defineRoute({
  ...route,
  id: "adminModels",
  method: "GET",
  path: "/admin/models",
  summary: "the versions and their state",
  errors: [],
});

export const adminReload = defineRoute({
  ...route,
  id: "adminReload",
  method: "POST",
  path: "/admin/reload",
  summary: "look at the model's sources now instead of at the next poll",
  errors: [],
});

export const adminCanary = defineRoute({
  ...route,
  id: "adminCanary",
  method: "PUT",
  path: "/admin/canary",
  summary: "the share of requests that the canary answers",
  body: {
    "application/json": Type.Object(
      { percent: Type.Number({ minimum: 0, maximum: 100 }) },
      { title: "CanaryShare", additionalProperties: false },
    ),
  },
  errors: ["REQUEST_INVALID"],
});
