/**
 * Who gets in: callers with a key, within their rate, while there is room. Decided before anything
 * of a body is read.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { httpStatusOf, isAppError, toAppError } from "../../base/errors.ts";
import { bodyLimitOf, type RouteContract, takesPictures } from "../contract/route.ts";
import type { BodyBudget } from "../http/body-budget.ts";
import { earlyFaultOf } from "../http/early-faults.ts";
import { type Caller, deadlineFrom } from "../http/request-context.ts";
import { sendError } from "../http/send-error.ts";
import { routeFaultsOf } from "../http/unknown-route.ts";
import type { Access } from "../security/access.ts";
import type { Service } from "../service.ts";
import type { RequestRecorder } from "./record-requests.ts";

export interface AdmitOptions {
  readonly service: Service;
  readonly access: Access;
  readonly routes: readonly RouteContract[];
  readonly record: RequestRecorder;
  readonly bodies: BodyBudget;
}

type Limit = (request: FastifyRequest) => Promise<void>;

export async function admitRequests(app: FastifyInstance, options: AdmitOptions): Promise<void> {
  const { service, access, routes, record, bodies } = options;
  const { config, admission } = service;
  const routeFaultOf = routeFaultsOf(routes);
  const limit = await access.limitOn(app);

  const enter = ({ raw, context }: FastifyRequest, reply: FastifyReply, contract: RouteContract): void => {
    if (takesPictures(contract)) admission.requireRoom(context.deadline);
    bodies.arrives(raw, reply.raw, bodyLimitOf(contract, config.bodyBytes));
  };
  app.addHook("onRequest", (request, reply, done) => {
    const fault = earlyFaultOf(request.raw);
    if (fault !== undefined) {
      // What else the connection holds is not to be trusted.
      sendError(reply.header("connection", "close"), fault.error, request, fault.status);
      return;
    }
    if (request.is404) return done(routeFaultOf(request, reply));
    const { context } = request;
    const { contract } = request.routeOptions.config;
    if (contract === undefined || (contract.scope === "open" && contract.body === undefined)) return done();
    recordIfAbandoned(request, reply, record);
    try {
      if (contract.scope === "open") {
        bodies.arrives(request.raw, reply.raw, bodyLimitOf(contract, config.bodyBytes));
      } else {
        context.deadline = context.startedAt + deadlineFrom(request.headers["x-deadline-ms"], config.deadlineMs);
        const caller = access.identify(request, contract.scope);
        if (caller instanceof Promise || limit !== undefined) {
          identifyAndCount(request, caller, limit)
            .then(() => enter(request, reply, contract))
            .then(() => done(), done);
          return;
        }
        context.caller = caller;
        enter(request, reply, contract);
      }
    } catch (error) {
      return done(toAppError(error));
    }
    done();
  });
}

/** A caller that goes away before its answer is whole leaves a record too. */
function recordIfAbandoned(request: FastifyRequest, reply: FastifyReply, record: RequestRecorder): void {
  reply.raw.once("close", () => {
    if (reply.raw.writableFinished) return;
    const { errored } = request.raw.socket;
    const code = isAppError(errored) ? errored.code : "CLIENT_GONE";
    request.context.errorCode = code;
    record(request, httpStatusOf(code));
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
