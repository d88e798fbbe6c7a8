/** What an operator may change while the service runs. */
import type { adminRoutes } from "../contract/admin-routes.ts";
import type { Handlers } from "../http/register-route.ts";
import type { Service } from "../service.ts";

export function adminHandlers({ host, logger }: Service): Handlers<typeof adminRoutes> {
  const state = () => ({ versions: host.versions, canary_percent: host.canaryPercent });
  return {
    adminModels: state,
    async adminReload() {
      await host.refresh(true);
      return state();
    },
    adminCanary({ body: { percent } }) {
      host.canaryPercent = percent;
      logger.info("the canary's share was set", { percent });
      return state();
    },
  };
}
