/** The table of routes: everything that the service answers over HTTP stands here once. */
import * as admin from "./admin.ts";
import * as health from "./health.ts";
import * as mlflow from "./mlflow.ts";
import * as model from "./model.ts";
import * as inference from "./open-inference.ts";
import * as operation from "./operation.ts";
import * as prediction from "./prediction.ts";
import type { RouteContract } from "./route.ts";

export const contract = {
  health: health.health,
  livez: health.livez,
  readyz: health.readyz,
  predict: prediction.predict,
  explain: prediction.explain,
  model: model.model,
  samples: model.samples,
  sample: model.sample,
  v2Server: inference.v2Server,
  v2Live: inference.v2Live,
  v2Ready: inference.v2Ready,
  v2Model: inference.v2Model,
  v2Version: inference.v2Version,
  v2ModelReady: inference.v2ModelReady,
  v2VersionReady: inference.v2VersionReady,
  v2Infer: inference.v2Infer,
  v2InferVersion: inference.v2InferVersion,
  ping: mlflow.ping,
  version: mlflow.version,
  invocations: mlflow.invocations,
  metrics: operation.metrics,
  openapi: operation.openapi,
  adminModels: admin.adminModels,
  adminReload: admin.adminReload,
  adminCanary: admin.adminCanary,
} as const satisfies Readonly<Record<string, RouteContract>>;

export type Contract = typeof contract;
export type RouteId = keyof Contract;

export const routes: readonly RouteContract[] = Object.values(contract);
