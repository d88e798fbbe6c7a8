/** Who may call, and how often. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { RouteScope } from "../contract/route.ts";
import type { Caller } from "../http/request-context.ts";

export interface Access {
  /** True where callers must show a key or a token. */
  readonly isProtected: boolean;
  /** The caller. Errors: UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED. */
  require(
    request: FastifyRequest,
    reply: FastifyReply,
    scope: Exclude<RouteScope, "open">,
  ): Promise<Caller> | Caller | undefined;
  close(): void;
}

/** Nobody is asked for anything. */
export function createAccess(_config: unknown, _logger: unknown): Promise<Access> {
  return Promise.resolve({ isProtected: false, require: () => undefined, close: () => undefined });
}
