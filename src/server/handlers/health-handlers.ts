/** Whether the service lives, and whether it may be sent requests. */
import type { healthRoutes } from "../contract/health-routes.ts";
import type { Handlers } from "../http/register-route.ts";
import type { Service } from "../service.ts";

export function healthHandlers({ host, notReady }: Service): Handlers<typeof healthRoutes> {
  return {
    health: () => ({ status: "healthy", model_loaded: host.current("champion") !== undefined }),
    livez: () => ({ status: "ok" }),
    readyz(_request, reply) {
      const reason = notReady();
      if (reason === undefined) return { status: "ok" };
      reply.code(503);
      return { status: "not ready", reason };
    },
  };
}
