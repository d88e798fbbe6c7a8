/** The table of routes: everything that the service answers over HTTP. */
import { adminRoutes } from "./admin-routes.ts";
import type { RouteId } from "./endpoints.ts";
import { feedbackRoutes } from "./feedback-routes.ts";
import { healthRoutes } from "./health-routes.ts";
import { mlflowRoutes } from "./mlflow-routes.ts";
import { modelRoutes } from "./model-routes.ts";
import { openInferenceRoutes } from "./open-inference-routes.ts";
import { operationRoutes } from "./operation-routes.ts";
import { predictionRoutes } from "./prediction-routes.ts";
import type { RouteContract } from "./route.ts";
import { tritonRoutes } from "./triton-routes.ts";

/** Every route by its name. */
export const contract = {
  ...healthRoutes,
  ...predictionRoutes,
  ...feedbackRoutes,
  ...modelRoutes,
  ...openInferenceRoutes,
  ...tritonRoutes,
  ...mlflowRoutes,
  ...operationRoutes,
  ...adminRoutes,
} as const satisfies { readonly [Id in RouteId]: RouteContract };

export type Contract = typeof contract;

/** Every route, in the order of the contract. */
export const routes: readonly RouteContract[] = Object.values(contract);
