/** `/feedback`. */
import { AppError } from "../../base/errors.ts";
import type { feedbackRoutes } from "../contract/feedback-routes.ts";
import type { Handlers } from "../http/register-route.ts";
import type { Service } from "../service.ts";

export function feedbackHandlers({ recorder }: Pick<Service, "recorder">): Handlers<typeof feedbackRoutes> {
  return {
    async feedback({ body, context }) {
      if (recorder === undefined) {
        throw new AppError("PREDICTION_LOG_OFF", {
          required: "a service with a prediction log",
          received: "one without",
          hint: "start it with `predictionLog`",
        });
      }
      const { request_id: requestId, label, position = 0 } = body;
      const { label: predicted, version } = await recorder.take({
        requestId,
        label,
        position,
        keyId: context.caller?.id,
      });
      return { request_id: requestId, position, label, predicted, model_version: version };
    },
  };
}
