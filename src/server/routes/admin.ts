/** What an operator may change while the service runs. */
import { contract } from "../contract/contract.ts";
import type { Handler } from "../http/register-route.ts";
import { compileCheck } from "../http/validate.ts";
import { parseJson } from "../input/read-pictures.ts";
import type { Service } from "../service.ts";

const checkShare = compileCheck(contract.adminCanary.body["application/json"], "body");

export function adminRoutes({ host, logger }: Service): Readonly<Record<string, Handler>> {
  const state = () => ({ versions: host.versions, canary_percent: host.canaryPercent });
  return {
    [contract.adminModels.id]: state,
    [contract.adminReload.id]: async () => {
      await host.refresh(true);
      return state();
    },
    [contract.adminCanary.id]: ({ body }) => {
      const { percent } = checkShare(body instanceof Uint8Array ? parseJson(body) : undefined);
      host.canaryPercent = percent;
      logger.info("the canary's share was set", { percent });
      return state();
    },
  };
}
