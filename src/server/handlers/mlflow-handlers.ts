/**
 * MLflow's scoring protocol. `/invocations` answers as its server answers for a bundle logged with
 * the onnx flavour.
 */
import { AppError } from "../../base/errors.ts";
import { answerPictures, chooseModel } from "../answering/answer-pictures.ts";
import type { mlflowRoutes } from "../contract/mlflow-routes.ts";
import type { Handlers, RouteRequest } from "../http/register-route.ts";
import { requireJsonBody } from "../input/parse-json.ts";
import type { Service } from "../service.ts";
import { wantsJson } from "./wants-json.ts";

type Invocations = (typeof mlflowRoutes)["invocations"];

export function mlflowHandlers(service: Service): Handlers<typeof mlflowRoutes> {
  return {
    ping(_request, reply) {
      const reason = service.notReady();
      if (reason !== undefined) {
        throw new AppError("NOT_READY", { required: "a ready service", received: `a service that is ${reason}` });
      }
      reply.type("text/plain");
      return "\n";
    },
    version({ headers }, reply) {
      const { version, tag, commit, imageDigest } = service.build;
      reply.header("vary", "accept");
      if (!wantsJson(headers.accept)) {
        reply.type("text/plain");
        return version;
      }
      return {
        version,
        ...(tag !== undefined && { tag }),
        ...(commit !== undefined && { commit }),
        ...(imageDigest !== undefined && { image_digest: imageDigest }),
      };
    },
    invocations: (request) => invoke(service, request),
  };
}

async function invoke(service: Service, request: RouteRequest<Invocations>) {
  const { body, context } = request;
  const limit = service.config.picturesPerRequest;
  const { pictures } = await service.reading.read("invocation", requireJsonBody(body), { limit }, context);
  const { model, answers } = await answerPictures(service, context, pictures, chooseModel(service, request));
  const classes = model.info.labels.length;
  const rows = (values: Float32Array): number[][] =>
    pictures.map((_, index) => Array.from(values.subarray(index * classes, (index + 1) * classes)));
  return { predictions: { logits: rows(answers.logits), probabilities: rows(answers.probabilities) } };
}
