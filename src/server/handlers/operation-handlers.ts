/** `/metrics` and `/openapi.json`. */
import type { operationRoutes } from "../contract/operation-routes.ts";
import type { Handlers } from "../http/register-route.ts";
import type { Service } from "../service.ts";

export function operationHandlers(
  { metrics }: Service,
  document: () => Readonly<Record<string, unknown>>,
): Handlers<typeof operationRoutes> {
  return {
    metrics(_request, reply) {
      reply.type(metrics.contentType);
      return metrics.render();
    },
    openapi: document,
  };
}
