/** Who may call, and how often: API keys, tokens, and a rate limit for each caller. */
import type { CreateRateLimitOptions } from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { RouteScope } from "../contract/route.ts";
import type { Caller } from "../http/request-context.ts";
import type { ServeConfig } from "../serve-config.ts";
import { findKey, type KeyRefusal } from "./api-keys.ts";
import { watchKeys } from "./key-file.ts";
import { networkOf } from "./network.ts";
import { counterLimit, rateCounters } from "./rate-counters.ts";

export type GuardedScope = Exclude<RouteScope, "open">;

export interface Access {
  /** True where callers must show a key or a token. */
  readonly isProtected: boolean;
  /**
   * The caller; undefined where the service is not protected. Errors: UNAUTHENTICATED, FORBIDDEN,
   * KEY_SERVER_UNAVAILABLE.
   */
  identify(request: FastifyRequest, scope: GuardedScope): Promise<Caller> | Caller | undefined;
  /** Counts requests by caller, or by address where there is none. Errors: RATE_LIMITED. */
  limitOn(app: FastifyInstance): Promise<((request: FastifyRequest) => Promise<void>) | undefined>;
  close(): void;
}

type Settings = Pick<ServeConfig, "keysFile" | "jwt" | "requestsPerMinute">;

/** Errors: those of the key file, CONFIG_INVALID. */
export async function createAccess({ keysFile, jwt, requestsPerMinute }: Settings, logger: Logger): Promise<Access> {
  const watched = keysFile === undefined ? undefined : await watchKeys(keysFile, logger);
  const verifyToken =
    jwt === undefined ? undefined : await (await import("./json-web-tokens.ts")).openTokenVerifier(jwt);
  const isProtected = watched !== undefined || verifyToken !== undefined;

  const identify = (request: FastifyRequest, scope: GuardedScope): Promise<Caller> | Caller | undefined => {
    if (!isProtected) return undefined;
    const presented = presentedBy(request);
    if (presented === undefined) throw unauthenticated("neither");
    if (verifyToken !== undefined && !presented.startsWith("pawprint_")) {
      return verifyToken(presented).then(({ id, scopes }) => {
        requireScope(scopes, scope);
        return { id: `token:${id.slice(0, 100)}` };
      });
    }
    const found = watched === undefined ? "unknown" : findKey(watched.keys, presented, new Date());
    if (typeof found === "string") throw unauthenticated(refusals[found]);
    requireScope(found.scopes, scope);
    const { id, requestsPerMinute: own } = found;
    return { id, ...(own !== undefined && { requestsPerMinute: own }) };
  };

  return {
    isProtected,
    identify,
    async limitOn(app) {
      const hasLimits = requestsPerMinute !== undefined || watched !== undefined;
      if (!hasLimits) return undefined;
      const { fastifyRateLimit } = await import("@fastify/rate-limit");
      await app.register(fastifyRateLimit, {
        global: false,
        store: rateCounters(counterLimit, () => performance.now()),
      });
      const maximumOf = ({ context }: FastifyRequest): number | undefined =>
        context.caller?.requestsPerMinute ?? requestsPerMinute;
      const options: CreateRateLimitOptions = {
        timeWindow: 60_000,
        keyGenerator: ({ context, ip }) => context.caller?.id ?? networkOf(ip ?? "gone"),
        max: (request) => maximumOf(request) ?? 0,
      };
      const count = app.createRateLimit(options);
      return async (request) => {
        if (maximumOf(request) === undefined) return;
        const { isAllowed, ...state } = await count(request);
        // isAllowed is true for callers on an allow list; there is none.
        if (isAllowed || !("isExceeded" in state) || !state.isExceeded) return;
        throw new AppError("RATE_LIMITED", {
          required: `at most ${state.max} requests in a minute`,
          received: "more requests",
          retryAfterSeconds: state.ttlInSeconds,
        });
      };
    },
    close: () => watched?.close(),
  };
}

/** A key or token of the header `authorization: Bearer ...` or `x-api-key`. */
function presentedBy({ headers }: FastifyRequest): string | undefined {
  const own = headers["x-api-key"];
  if (typeof own === "string") return own;
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? "")?.[1];
}

const refusals: Readonly<Record<KeyRefusal, string>> = {
  unknown: "an unknown one",
  revoked: "a revoked one",
  expired: "an expired one",
};

function unauthenticated(received: string): AppError {
  return new AppError("UNAUTHENTICATED", {
    required: "a valid API key or token",
    received,
    hint: "send it as 'authorization: Bearer KEY' or 'x-api-key: KEY'",
  });
}

function requireScope(scopes: readonly string[], scope: GuardedScope): void {
  if (scopes.includes(scope)) return;
  throw new AppError("FORBIDDEN", {
    required: `a key or token with the scope '${scope}'`,
    received: scopes.length === 0 ? "no scopes" : scopes.slice(0, 10).join(", ").slice(0, 100),
  });
}
