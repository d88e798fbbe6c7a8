/** The two apps of a service: the public one with its pages, and the admin one. */
import type { FastifyInstance } from "fastify";
import { routes } from "./contract/contract.ts";
import { type AppOptions, createApp } from "./create-app.ts";
import type { Handler } from "./http/register-route.ts";
import { openApiDocument } from "./openapi.ts";
import { adminRoutes } from "./routes/admin.ts";
import { healthRoutes } from "./routes/health.ts";
import { mlflowRoutes } from "./routes/mlflow.ts";
import { modelRoutes } from "./routes/model.ts";
import { openInferenceRoutes } from "./routes/open-inference.ts";
import { operationRoutes } from "./routes/operation.ts";
import { addPages } from "./routes/pages.ts";
import { predictionRoutes } from "./routes/prediction.ts";
import type { SampleList } from "./samples.ts";

export interface AppsOptions extends Omit<AppOptions, "routes" | "handlers"> {
  readonly samples: SampleList;
}

/** Neither listens yet. */
export async function createApps({
  samples,
  ...shared
}: AppsOptions): Promise<{ readonly app: FastifyInstance; readonly adminApp: FastifyInstance }> {
  const { service, access } = shared;
  const publicRoutes = routes.filter(({ scope }) => scope !== "admin");
  const document = openApiDocument(publicRoutes, { version: service.version, isProtected: access.isProtected });
  const handlers: Readonly<Record<string, Handler>> = {
    ...healthRoutes(service),
    ...predictionRoutes(service),
    ...modelRoutes(service, samples),
    ...openInferenceRoutes(service),
    ...mlflowRoutes(service),
    ...operationRoutes(service, document),
    ...adminRoutes(service),
  };
  const app = await createApp({ ...shared, handlers, routes: publicRoutes });
  await addPages(app, document);
  const adminApp = await createApp({ ...shared, handlers, routes: routes.filter(({ scope }) => scope === "admin") });
  return { app, adminApp };
}
