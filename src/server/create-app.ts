/**
 * Fastify with everything that holds for every route: ids, limits, errors, headers, measurements.
 */
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { AppError, httpStatusOf } from "../base/errors.ts";
import type { RouteContract } from "./contract/route.ts";
import { createBodyBudget } from "./http/body-budget.ts";
import { answerBrokenRequest, noHost, refuseExpectation } from "./http/broken-request.ts";
import { errorAnswer, isFault, toRequestError } from "./http/error-answer.ts";
import { methodsOf } from "./http/method-check.ts";
import { type Handler, registerRoute } from "./http/register-route.ts";
import { type Caller, deadlineFrom, RequestContext } from "./http/request-context.ts";
import { securityHeaders } from "./http/security-headers.ts";
import { compileForRequest } from "./http/validate.ts";
import type { RequestLog } from "./request-log.ts";
import type { Access } from "./security/access.ts";
import type { Service } from "./service.ts";
import type { Tracing } from "./tracing.ts";

export interface AppOptions {
  readonly service: Service;
  readonly log: RequestLog;
  readonly tracing: Tracing | undefined;
  readonly access: Access;
  readonly routes: readonly RouteContract[];
  readonly handlers: Readonly<Record<string, Handler>>;
  /**
   * True once the service is ending: answers then ask callers to come back over another connection.
   */
  readonly isDraining: () => boolean;
}

/**
 * Longer than load balancers keep an idle connection, so that they never send into one that is
 * being closed.
 */
const keepAliveMs = 75_000;
/** How often Node looks for requests that arrive too slowly. */
const slowCheckMs = 1000;

/** An app with the contract's routes, not listening yet. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { service, routes, handlers } = options;
  const { config } = service;
  const app: FastifyInstance = fastify({
    logger: false,
    bodyLimit: config.bodyBytes,
    requestTimeout: config.bodyTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    trustProxy: (_address, hop) => hop < config.trustProxy,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512 },
    http: {
      connectionsCheckingInterval: slowCheckMs,
      headersTimeout: config.bodyTimeoutMs,
      requireHostHeader: false,
    },
    clientErrorHandler: answerBrokenRequest,
  });
  const server: Server = app.server;
  server.maxConnections = config.connections;
  server.on("checkExpectation", refuseExpectation);
  keepUnsent(server);
  app.setValidatorCompiler(compileForRequest);
  app.decorateRequest("context");
  beginRequests(app, options);
  if (config.corsOrigins.length > 0) {
    const { fastifyCors } = await import("@fastify/cors");
    await app.register(fastifyCors, {
      origin: [...config.corsOrigins],
      exposedHeaders: [
        "x-request-id",
        "server-timing",
        "retry-after",
        "x-pawprint-label",
        "x-pawprint-class",
        "x-pawprint-method",
      ],
    });
  }
  // After the headers for pages of other origins, which must be able to read a refusal.
  guardRequests(app, options, await options.access.limitOn(app));
  takeBodies(app, config.bodyBytes);
  for (const route of routes) {
    const handler = handlers[route.id];
    if (handler === undefined) throw new Error(`no handler for the route '${route.id}'`);
    registerRoute(app, route, handler);
  }
  const refusalOf = refusalsFor(routes);
  app.setNotFoundHandler((request, reply) => sendError(reply, refusalOf(request, reply), request));
  return app;
}

/**
 * Node takes a connection for idle once its answer has ended, though part of that may wait for a
 * slow reader: it is not to be cut off.
 */
function keepUnsent(server: Server): void {
  const unsent = new Map<ServerResponse, Socket>();
  server.on("request", ({ socket }, response: ServerResponse) => {
    unsent.set(response, socket);
    response.once("close", () => unsent.delete(response));
  });
  const closeIdleConnections = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    const kept = [...unsent.values()];
    for (const socket of kept) socket.destroy = () => socket;
    closeIdleConnections();
    for (const socket of kept) Reflect.deleteProperty(socket, "destroy");
  };
}

type Limit = (request: FastifyRequest) => Promise<void>;

// Hooks take callbacks: a promise for each of them would be a third of what a short answer costs.
function beginRequests(app: FastifyInstance, { service: { config, now }, isDraining }: AppOptions): void {
  app.addHook("onRequest", (request, reply, done) => {
    const context = new RequestContext(request.headers, request.raw.socket, now(), config.deadlineMs);
    request.context = context;
    reply.headers(securityHeaders).header("x-request-id", context.id);
    if (isDraining()) reply.header("connection", "close");
    done();
  });
}

function guardRequests(app: FastifyInstance, options: AppOptions, limit: Limit | undefined): void {
  const { service, log, tracing, access, routes } = options;
  const { config, admission, metrics, now } = service;
  const countBody = createBodyBudget(config.bodyBytes);
  const refusalOf = refusalsFor(routes);
  app.addHook("onRequest", (request, reply, done) => {
    if (request.headers.host === undefined && request.raw.httpVersion === "1.1") return done(noHost());
    // Before anything is read of its body.
    if (request.is404) return done(refusalOf(request, reply));
    const { context } = request;
    const contract = request.routeOptions.config.contract;
    if (contract === undefined || contract.scope === "open") return done();
    reply.raw.once("close", () => {
      if (reply.raw.writableFinished) return;
      context.errorCode = "CLIENT_GONE";
      note(request, httpStatusOf("CLIENT_GONE"));
    });
    const enter = (): void => {
      // A full service says so before it reads what was brought.
      if (contract.scope === "predict") admission.requireRoom(context.deadline);
      countBody(request.raw, reply.raw);
    };
    try {
      context.deadline = context.startedAt + deadlineFrom(request.headers["x-deadline-ms"], config.deadlineMs);
      const caller = access.identify(request, contract.scope);
      if (caller instanceof Promise || limit !== undefined) {
        identifyAndCount(request, caller, limit)
          .then(enter)
          .then(() => done(), done);
        return;
      }
      context.caller = caller;
      enter();
    } catch (error) {
      return done(error as Error); // all that is thrown here is an AppError
    }
    done();
  });
  const note = (request: FastifyRequest, status: number): void => {
    const { context, method } = request;
    const contract = request.routeOptions.config.contract;
    const route = contract?.path ?? (status === 404 ? "unknown" : "static");
    const totalMs = now() - context.startedAt;
    metrics.answered(route, method, status, context, totalMs);
    log.answered(route, method, status, context, totalMs);
    if (contract?.scope !== "open") tracing?.answered(route, method, status, context, totalMs);
  };
  app.addHook("onResponse", (request, reply, done) => {
    note(request, reply.statusCode);
    done();
  });
  app.setErrorHandler((thrown: unknown, request, reply) => {
    const error = toRequestError(thrown);
    if (isFault(error)) log.failed(request.context, thrown);
    return sendError(reply, error, request);
  });
}

async function identifyAndCount(
  request: FastifyRequest,
  caller: Promise<Caller> | Caller | undefined,
  limit: Limit | undefined,
): Promise<void> {
  request.context.caller = await caller;
  await limit?.(request);
}

function sendError(reply: FastifyReply, error: AppError, request: FastifyRequest): FastifyReply {
  const { context } = request;
  context.errorCode = error.code;
  const form = request.routeOptions.config.contract?.errorForm ?? formOfPath(request.url);
  const { status, headers, body } = errorAnswer(error, form, context.id);
  // What is left of a body that is not wanted would have to be read to the end before the next
  // request.
  const { complete, headers: sent } = request.raw;
  const hasBody = sent["transfer-encoding"] !== undefined || Number(sent["content-length"] ?? 0) !== 0;
  const isUnread = hasBody && !complete;
  if (isUnread && [401, 404, 405, 413, 415].includes(status)) reply.header("connection", "close");
  return reply.code(status).headers(headers).type("application/json").send(body);
}

function formOfPath(url: string): RouteContract["errorForm"] {
  return url.startsWith("/v2") ? "open-inference" : url.startsWith("/invocations") ? "mlflow" : "pawprint";
}

/**
 * Bodies come as bytes, whatever they call themselves; each route refuses the types that its
 * contract does not know, and reads the others.
 */
function takeBodies(app: FastifyInstance, bodyLimit: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit }, (_request, body, done) => done(null, body));
}

/**
 * What a request gets for which there is no route: an error, and the methods that its path knows.
 */
function refusalsFor(routes: readonly RouteContract[]): (request: FastifyRequest, reply: FastifyReply) => AppError {
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
