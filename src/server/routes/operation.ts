/** `/metrics` and `/openapi.json`. */
import { contract } from "../contract/contract.ts";
import type { Handler } from "../http/register-route.ts";
import type { Service } from "../service.ts";

export function operationRoutes({ metrics }: Service, document: object): Readonly<Record<string, Handler>> {
  return {
    [contract.metrics.id]: (_request, reply) => {
      reply.type(metrics.contentType);
      return metrics.render();
    },
    [contract.openapi.id]: () => document,
  };
}
