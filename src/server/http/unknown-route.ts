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
    // A path of one route may also fit the parameter of another.
    return [...new Set(patterns.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
  };
}

/** What clients of other servers ask for that this service does not have, and what it has instead. */
const absent: readonly (readonly [RegExp, string])[] = [
  [
    /^\/v2\/repository\/models\/[^/]+\/(load|unload)$/,
    "models are loaded from the service's own sources: replace the bundle, or POST /admin/reload on the admin port",
  ],
  [/^\/v2\/(systemsharedmemory|cudasharedmemory)\//, "shared memory is not supported: send tensors in the request"],
  [/^\/v2\/(.+\/)?(trace\/setting|logging)$/, "traces and the log are set when the service starts"],
  [/^\/v1\/models\//, "V1 is not spoken: POST /invocations takes instances, /v2/models/NAME/infer tensors"],
];

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
    const path = request.url.split("?", 1)[0]!;
    const hint = absent.find(([pattern]) => pattern.test(path))?.[1] ?? "GET /openapi.json lists the routes";
    return new AppError("ROUTE_UNKNOWN", { required: "a route of this service", received, hint });
  };
}
