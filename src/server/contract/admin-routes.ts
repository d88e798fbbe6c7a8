/** Routes that change what serves. They answer on the admin port only. */
import { Type } from "typebox";
import { VersionState } from "./model-routes.ts";
import { defineRoutes } from "./route.ts";

const Versions = Type.Object(
  { versions: Type.Array(VersionState), canary_percent: Type.Number() },
  { title: "Versions" },
);
const CanaryShare = Type.Object(
  { percent: Type.Number({ minimum: 0, maximum: 100 }) },
  { title: "CanaryShare", additionalProperties: false, examples: [{ percent: 5 }] },
);

export const adminRoutes = defineRoutes(
  {
    group: "admin",
    scope: "admin",
    errorForm: "pawprint",
    answers: { 200: { doc: "the versions after it", content: { "application/json": Versions } } },
  },
  {
    adminModels: { summary: "the versions and their state" },
    adminReload: { summary: "look at the model's sources now instead of at the next poll" },
    adminCanary: {
      summary: "the share of requests that the canary answers",
      body: { "application/json": CanaryShare },
      // Read on the main thread.
      bodyLimitBytes: 4096,
      errors: ["REQUEST_INVALID", "REQUEST_TOO_LARGE"],
    },
  },
);
