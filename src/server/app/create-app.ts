/**
 * Fastify with everything that holds for every route: ids, limits, errors, headers, measurements.
 */
import { type FastifyInstance, fastify } from "fastify";
import { type Contract, contract } from "../contract/contract.ts";
import type { RouteId } from "../contract/endpoints.ts";
import { bodyLimitOf, type RouteContract } from "../contract/route.ts";
import { limitAnswers } from "../http/answer-budget.ts";
import { createBodyBudget } from "../http/body-budget.ts";
import { answerBrokenRequests, type BrokenRequests } from "../http/broken-request.ts";
import { collectBody } from "../http/collect-body.ts";
import { type ConnectionTable, limitConnections, tooManyConnections } from "../http/connection-table.ts";
import { refuseExpectations, routableUrl } from "../http/early-faults.ts";
import { isFault, toRequestError } from "../http/error-answer.ts";
import { endPipelinedAnswers } from "../http/pipelined-answers.ts";
import { type Handlers, registerRoute } from "../http/register-route.ts";
import { RequestContext } from "../http/request-context.ts";
import { securityHeaders } from "../http/security-headers.ts";
import { sendError } from "../http/send-error.ts";
import { routeFaultsOf } from "../http/unknown-route.ts";
import { compileForRequest } from "../http/validate.ts";
import type { RequestLog } from "../observability/request-log.ts";
import type { Tracing } from "../observability/tracing.ts";
import type { Access } from "../security/access.ts";
import type { HostGuard } from "../security/host-guard.ts";
import type { ServeConfig } from "../serve-config.ts";
import type { Service } from "../service.ts";
import { admitRequests } from "./admit-requests.ts";
import { createRequestRecorders } from "./record-requests.ts";
import { unpackBodies } from "./unpack-bodies.ts";

export interface AppOptions {
  readonly service: Service;
  readonly log: RequestLog;
  readonly tracing: Tracing | undefined;
  readonly access: Access;
  /** Refuses requests for hosts and of pages that this app is not for. */
  readonly guard: HostGuard;
  readonly routes: readonly RouteContract[];
  readonly handlers: Handlers<Contract>;
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
  const { service, access, log, tracing, routes, handlers } = options;
  const { config, metrics, now } = service;
  const { record, recordBroken } = createRequestRecorders({ metrics, log, tracing, now });
  const broken = answerBrokenRequests({ now, record: recordBroken });
  const app = createFastify(config, broken);
  const connections = limitConnections(app.server, {
    connections: config.connections,
    // With proxies in front the addresses are theirs, and few.
    perAddress: config.connectionsPerAddress ?? Math.ceil(config.connections / (config.trustProxy > 0 ? 1 : 2)),
    sendTimeoutMs: config.sendTimeoutMs,
    onEnd: metrics.endedConnection,
  });
  endPipelinedAnswers(app.server);
  beginRequests(app, options, broken);
  refuseStrangers(app, options, connections);
  // Before requests are admitted: pages of other origins must be able to read a refusal.
  if (config.corsOrigins.length > 0) await allowOrigins(app, config.corsOrigins);
  limitAnswers(app);
  const bodies = createBodyBudget({
    bodyBytes: config.bodyBytes,
    timeoutMs: config.bodyTimeoutMs,
    now,
    onGiveUp: () => metrics.endedConnection("slow"),
  });
  await admitRequests(app, { service, access, routes, record, bodies });
  takeBodies(app, config.bodyBytes);
  unpackBodies(app, service, bodies);
  const register = <Id extends RouteId>(id: Id): void => registerRoute(app, contract[id], handlers[id]);
  for (const { id } of routes) register(id);
  answerErrors(app, routes, log);
  app.addHook("onResponse", (request, reply, done) => {
    record(request, reply.statusCode);
    done();
  });
  return app;
}

function createFastify(config: ServeConfig, broken: BrokenRequests): FastifyInstance {
  const app: FastifyInstance = fastify({
    logger: false,
    bodyLimit: config.bodyBytes,
    requestTimeout: config.bodyTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    trustProxy: (_address, hop) => hop < config.trustProxy,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    rewriteUrl: routableUrl,
    // Longer than any URL that Node takes: the router would answer by itself.
    routerOptions: { maxParamLength: 2 ** 16 },
    http: {
      connectionsCheckingInterval: slowCheckMs,
      headersTimeout: config.bodyTimeoutMs,
      requireHostHeader: false,
    },
    clientErrorHandler: broken.refuse,
  });
  refuseExpectations(app.server);
  app.server.on("connect", broken.refuseTunnel);
  app.setValidatorCompiler(compileForRequest);
  return app;
}

// Hooks take callbacks: a promise for each of them would be a third of a short answer's cost.
function beginRequests(
  app: FastifyInstance,
  { service: { config, now }, isDraining }: AppOptions,
  broken: BrokenRequests,
): void {
  app.decorateRequest("context");
  app.addHook("onRequest", (request, reply, done) => {
    const context = new RequestContext(request.headers, request.raw.socket, now(), config.deadlineMs);
    request.context = context;
    broken.begin(reply);
    reply.headers(securityHeaders).header("x-request-id", context.id);
    if (isDraining()) reply.header("connection", "close");
    done();
  });
}

/** What is answered over connections above the limit. */
const probes: ReadonlySet<RouteId> = new Set(["livez", "readyz", "health", "v2Live", "v2Ready", "ping", "metrics"]);

/** Requests that the guard refuses, and all but probes over connections above the limit. */
function refuseStrangers(app: FastifyInstance, { guard, service }: AppOptions, connections: ConnectionTable): void {
  app.addHook("onRequest", ({ raw, routeOptions }, reply, done) => {
    const isExtra = connections.isExtra(raw.socket);
    const id = routeOptions.config.contract?.id;
    const isRefused = isExtra && (id === undefined || !probes.has(id));
    const fault = isRefused ? tooManyConnections(service.config.connections) : guard(raw);
    // The rest of an unwanted body would have to be read first.
    if (isExtra || fault !== undefined) reply.header("connection", "close");
    done(fault);
  });
}

async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  const { fastifyCors } = await import("@fastify/cors");
  await app.register(fastifyCors, {
    origin: [...origins],
    // The plugin would answer in a form of its own.
    strictPreflight: false,
    exposedHeaders: [
      "x-request-id",
      "server-timing",
      "retry-after",
      "x-pawprint-label",
      "x-pawprint-class",
      "x-pawprint-probability",
      "x-pawprint-method",
    ],
  });
}

/**
 * Bodies come as bytes, whatever their content type; each route refuses the types that its contract
 * does not know, and reads the others.
 */
function takeBodies(app: FastifyInstance, bodyLimit: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", ({ routeOptions }, payload, done) => {
    collectBody(payload, bodyLimitOf(routeOptions.config.contract, bodyLimit), done);
  });
}

function answerErrors(app: FastifyInstance, routes: readonly RouteContract[], log: RequestLog): void {
  const routeFaultOf = routeFaultsOf(routes);
  app.setErrorHandler((thrown: unknown, request, reply) => {
    const error = toRequestError(thrown);
    if (isFault(error)) log.failed(request.context, thrown);
    return sendError(reply, error, request);
  });
  app.setNotFoundHandler((request, reply) => sendError(reply, routeFaultOf(request, reply), request));
}
