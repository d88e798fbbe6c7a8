/**
 * Joins a contract's route to its handler: path, validation, limits, and the form of its errors.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../base/errors.ts";
import type { RouteContract } from "../contract/route.ts";
import type { RequestContext } from "./request-context.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Made as the first thing of every request. */
    context: RequestContext;
  }
  interface FastifyContextConfig {
    /** The contract that the route was made from. */
    contract?: RouteContract;
  }
}

/**
 * What a handler gives is the body of the answer with status 200; others it sends through `reply`.
 */
export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> | unknown;

/**
 * Registers one route. Path and query are checked against the contract before the handler is
 * called; a body's media type too, its content where it is read.
 */
export function registerRoute(app: FastifyInstance, route: RouteContract, handler: Handler): void {
  const { method, path, params, query, body } = route;
  const takes = Object.keys(body ?? {});
  app.route({
    method,
    url: path.replace(/\{(\w+)\}/g, ":$1"),
    config: { contract: route },
    schema: { ...(params && { params }), ...(query && { querystring: query }) },
    ...(body && {
      preParsing: (request: FastifyRequest, _reply: FastifyReply, _payload: unknown, done: (error?: Error) => void) =>
        done(mediaTypeFault(request.headers["content-type"], takes)),
    }),
    handler,
  });
}

/** MEDIA_TYPE_UNSUPPORTED where the contract does not know the body's type. */
function mediaTypeFault(header: string | undefined, takes: readonly string[]): AppError | undefined {
  const type = header?.split(";", 1)[0]?.trim().toLowerCase();
  const isTaken = (one: string): boolean => one === type || (one === "image/*" && type?.startsWith("image/") === true);
  // Without a type there is no body either, or none that could be read: the handler says what it
  // lacks.
  if (type === undefined || takes.some(isTaken)) return undefined;
  return new AppError("MEDIA_TYPE_UNSUPPORTED", {
    required: `one of ${takes.join(", ")}`,
    received: JSON.stringify(type.slice(0, 80)),
    where: "content-type",
    ...(type === "application/x-www-form-urlencoded" && {
      hint: "with curl name the type: -H 'content-type: image/jpeg'",
    }),
  });
}
