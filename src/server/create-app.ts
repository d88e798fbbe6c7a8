/** Fastify with everything that holds for every route: ids, limits, errors, headers, measurements. */
import type { Server } from "node:http";
import { fastifyCors } from "@fastify/cors";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { AppError } from "../base/errors.ts";
import type { RouteContract } from "./contract/route.ts";
import { createBodyBudget } from "./http/body-budget.ts";
import { errorAnswer, isFault, toRequestError } from "./http/error-answer.ts";
import { methodsOf } from "./http/method-check.ts";
import { type Handler, registerRoute } from "./http/register-route.ts";
import { type Caller, RequestContext } from "./http/request-context.ts";
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
  /** True once the service is ending: answers then ask callers to come back over another connection. */
  readonly isDraining: () => boolean;
}

/** Longer than load balancers keep an idle connection, so that they never send into one that is being closed. */
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
    trustProxy: config.trustProxy,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512 },
    http: { connectionsCheckingInterval: slowCheckMs, headersTimeout: config.bodyTimeoutMs },
    clientErrorHandler: answerBrokenRequest,
  });
  const server: Server = app.server;
  server.maxConnections = config.connections;
  app.setValidatorCompiler(compileForRequest);
  app.decorateRequest("context");
  addHooks(app, options, await options.access.limitOn(app));
  if (config.corsOrigins.length > 0) {
    await app.register(fastifyCors, {
      origin: [...config.corsOrigins],
      exposedHeaders: ["x-request-id", "server-timing", "x-pawprint-label", "x-pawprint-class"],
    });
  }
  takeBodies(app, config.bodyBytes);
  for (const route of routes) {
    const handler = handlers[route.id];
    if (handler === undefined) throw new Error(`no handler for the route '${route.id}'`);
    registerRoute(app, route, handler);
  }
  refuseTheRest(app, options);
  return app;
}

type Limit = (request: FastifyRequest) => Promise<void>;

function addHooks(
  app: FastifyInstance,
  { service, log, tracing, access, isDraining }: AppOptions,
  limit: Limit | undefined,
): void {
  const { config, admission, metrics, now } = service;
  const countBody = createBodyBudget(config.bodyBytes);
  // Hooks take callbacks: a promise for each of them would be a third of what a short answer costs.
  app.addHook("onRequest", (request, reply, done) => {
    const context = new RequestContext(request.headers, request.raw.socket, now(), config.deadlineMs);
    request.context = context;
    reply.headers(securityHeaders).header("x-request-id", context.id);
    if (isDraining()) reply.header("connection", "close");
    const contract = request.routeOptions.config.contract;
    if (contract === undefined || contract.scope === "open") return done();
    const enter = (): void => {
      // A full house says so before it reads what was brought.
      if (contract.scope === "predict") admission.requireRoom(context.deadline);
      countBody(request.raw, reply.raw);
    };
    try {
      context.deadline = context.startedAt + deadlineFrom(request, config.deadlineMs);
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
  app.addHook("onResponse", (request, reply, done) => {
    const { context } = request;
    const route = request.routeOptions.config.contract?.path ?? (reply.statusCode === 404 ? "unknown" : "static");
    const totalMs = now() - context.startedAt;
    metrics.answered(route, request.method, reply.statusCode, context, totalMs);
    log.answered(route, request.method, reply.statusCode, context, totalMs);
    if (request.routeOptions.config.contract?.scope !== "open")
      tracing?.answered(route, request.method, reply.statusCode, context, totalMs);
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
  // What is left of a body that is not wanted would have to be read to the end before the next request.
  const isUnread = !request.raw.complete && request.raw.headers["content-length"] !== "0";
  if (isUnread && (status === 413 || status === 415 || status === 401)) reply.header("connection", "close");
  return reply.code(status).headers(headers).type("application/json").send(body);
}

function formOfPath(url: string): RouteContract["errorForm"] {
  return url.startsWith("/v2") ? "open-inference" : url.startsWith("/invocations") ? "mlflow" : "pawprint";
}

/** The header x-deadline-ms can only shorten the time. */
function deadlineFrom({ headers }: FastifyRequest, limitMs: number): number {
  const header = headers["x-deadline-ms"];
  if (header === undefined) return limitMs;
  const wanted = Number(header);
  if (Number.isFinite(wanted) && wanted >= 1) return Math.min(wanted, limitMs);
  throw new AppError("REQUEST_INVALID", {
    required: "x-deadline-ms is a number of milliseconds, at least 1",
    received: JSON.stringify(header).slice(0, 80),
    where: "header",
  });
}

/** Bodies come as bytes; each route reads them as its contract says. */
function takeBodies(app: FastifyInstance, bodyLimit: number): void {
  app.removeAllContentTypeParsers();
  const take = (_request: FastifyRequest, body: Buffer, done: (error: null, body: Buffer) => void): void =>
    done(null, body);
  for (const type of ["application/json", "application/octet-stream", "multipart/form-data", /^image\//]) {
    app.addContentTypeParser(type, { parseAs: "buffer", bodyLimit }, take);
  }
}

function refuseTheRest(app: FastifyInstance, { routes }: AppOptions): void {
  const methods = methodsOf(routes);
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods(request.url);
    const received = `${request.method} ${request.url.split("?", 1)[0]!.slice(0, 200)}`;
    if (allowed.length > 0) {
      reply.header("allow", allowed.join(", "));
      const required = `one of ${allowed.join(", ")}`;
      return sendError(reply, new AppError("METHOD_NOT_ALLOWED", { required, received }), request);
    }
    const hint = "GET /openapi.json lists the routes";
    return sendError(
      reply,
      new AppError("ROUTE_UNKNOWN", { required: "a route of this service", received, hint }),
      request,
    );
  });
}

/** What is no HTTP, or arrives too slowly, is answered by hand: there is no request yet. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: import("node:net").Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const isSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const isLarge = error.code === "HPE_HEADER_OVERFLOW";
  const code = isSlow ? "REQUEST_TIMEOUT" : "REQUEST_INVALID";
  const required = isSlow ? "a request that arrives in time" : isLarge ? "headers of at most 16 KiB" : "valid HTTP/1.1";
  const status = isSlow ? "408 Request Timeout" : isLarge ? "431 Request Header Fields Too Large" : "400 Bad Request";
  const body = JSON.stringify({ error: new AppError(code, { required }) });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
