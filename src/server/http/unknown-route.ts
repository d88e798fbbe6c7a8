/** Requests without a route: the path exists for another method, or does not exist. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../base/errors.ts";
import type { RouteContract } from "../contract/route.ts";

/**
 * The methods that the contract knows for a path, `HEAD` beside every `GET`; none for a path that
 * no route has.
 */
export function methodsOf(routes: readonly RouteContract[]): (url: string) => readonly string[] {
  const patterns = routes.map(({ method, path }) => ({
    methods: method === "GET" ? ["GET", "HEAD"] : [method],
    pattern: new RegExp(`^${path.replace(/[.]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+")}$`),
  }));
  return (url) => {
    const path = url.split("?", 1)[0]!;
    return patterns.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
  };
}

/** The error for a request that has no route, and the header with the methods that its path has. */
export function routeFaultsOf(
  routes: readonly RouteContract[],
): (request: FastifyRequest, reply: FastifyReply) => AppError {
  const methods = methodsOf(routes);
  return (request, reply) => {
    const allowed = methods(request.url);
    const received = `${request.method} ${request.url.split("?", 1)[0]!.slice(0, 200)}`;
    if (allowed.length > 0) {
      reply.header("allow", allowed.join(", "));
      return new AppError("METHOD_NOT_ALLOWED", { required: `one of ${allowed.join(", ")}`, received });
    }
    const hint = "GET /openapi.json lists the routes";
    return new AppError("ROUTE_UNKNOWN", { required: "a route of this service", received, hint });
  };
}
