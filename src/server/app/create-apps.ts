/** The two apps of a service: the public one with its pages, and the admin one. */
import type { FastifyInstance } from "fastify";
import { type Contract, routes } from "../contract/contract.ts";
import { openApiDocument } from "../contract/openapi.ts";
import { adminHandlers } from "../handlers/admin-handlers.ts";
import { feedbackHandlers } from "../handlers/feedback-handlers.ts";
import { healthHandlers } from "../handlers/health-handlers.ts";
import { mlflowHandlers } from "../handlers/mlflow-handlers.ts";
import { modelHandlers } from "../handlers/model-handlers.ts";
import { openInferenceHandlers } from "../handlers/open-inference-handlers.ts";
import { operationHandlers } from "../handlers/operation-handlers.ts";
import { predictionHandlers } from "../handlers/prediction-handlers.ts";
import { tritonHandlers } from "../handlers/triton-handlers.ts";
import type { Handlers } from "../http/register-route.ts";
import type { SampleList } from "../samples.ts";
import { createHostGuard } from "../security/host-guard.ts";
import { addPages } from "./add-pages.ts";
import { type AppOptions, createApp } from "./create-app.ts";

export interface AppsOptions extends Omit<AppOptions, "routes" | "handlers" | "guard"> {
  /** Whether only this machine can reach the public app. */
  readonly isLocal: boolean;
  readonly samples: SampleList;
}

/** Neither listens yet. */
export async function createApps({
  samples,
  isLocal,
  ...shared
}: AppsOptions): Promise<{ readonly app: FastifyInstance; readonly adminApp: FastifyInstance }> {
  const { service, access } = shared;
  const publicRoutes = routes.filter(({ scope }) => scope !== "admin");
  // Made anew for each reader: its examples name the model and version that serve now.
  const document = () =>
    openApiDocument(publicRoutes, {
      version: service.build.version,
      isProtected: access.isProtected,
      model: service.host.current("champion"),
    });
  const handlers: Handlers<Contract> = {
    ...healthHandlers(service),
    ...predictionHandlers(service),
    ...feedbackHandlers(service),
    ...modelHandlers(service, samples),
    ...openInferenceHandlers(service),
    ...tritonHandlers(service),
    ...mlflowHandlers(service),
    ...operationHandlers(service, document),
    ...adminHandlers(service),
  };
  const { allowedHosts, corsOrigins } = service.config;
  const guard = createHostGuard({
    checksHost: isLocal || allowedHosts.length > 0,
    checksOrigin: isLocal && !access.isProtected,
    allowedHosts,
    corsOrigins,
  });
  const app = await createApp({ ...shared, handlers, guard, routes: publicRoutes });
  await addPages(app, document);
  const adminApp = await createApp({
    ...shared,
    handlers,
    guard: createHostGuard({ checksHost: true, checksOrigin: true, allowedHosts, corsOrigins }),
    routes: routes.filter(({ scope }) => scope === "admin"),
  });
  return { app, adminApp };
}
