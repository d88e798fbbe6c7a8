/**
 * Health: the brief's, Kubernetes', the Open Inference Protocol's and MLflow's words for the same
 * three facts.
 */
import type { FastifyReply } from "fastify";
import { AppError } from "../../base/errors.ts";
import { contract } from "../contract/contract.ts";
import type { Handler } from "../http/register-route.ts";
import type { Service } from "../service.ts";

export function healthRoutes({ host, notReady, version }: Service): Readonly<Record<string, Handler>> {
  const isLoaded = (): boolean => host.current("champion") !== undefined;
  const withStatus = (reply: FastifyReply, isReady: boolean, body: object): object => {
    reply.code(isReady ? 200 : 503);
    return body;
  };
  return {
    [contract.health.id]: () => ({ status: "healthy", model_loaded: isLoaded() }),
    [contract.livez.id]: () => ({ status: "ok" }),
    [contract.readyz.id]: (_request, reply) => {
      const reason = notReady();
      return withStatus(
        reply,
        reason === undefined,
        reason === undefined ? { status: "ok" } : { status: "not ready", reason },
      );
    },
    [contract.v2Live.id]: () => ({ live: true }),
    [contract.v2Ready.id]: (_request, reply) => {
      const ready = notReady() === undefined;
      return withStatus(reply, ready, { ready, live: true });
    },
    [contract.ping.id]: (_request, reply) => {
      const reason = notReady();
      if (reason !== undefined)
        throw new AppError("NOT_READY", { required: "a service that is ready", received: reason });
      reply.type("text/plain");
      return "\n";
    },
    [contract.version.id]: (_request, reply) => {
      reply.type("text/plain");
      return version;
    },
  };
}
