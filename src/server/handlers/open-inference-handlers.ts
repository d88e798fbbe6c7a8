/**
 * The Open Inference Protocol V2 over the same models, in JSON and with its binary tensor
 * extension.
 */
import type { FastifyReply } from "fastify";
import { answerPictures } from "../answering/answer-pictures.ts";
import type { openInferenceRoutes } from "../contract/open-inference-routes.ts";
import type { Handlers, RouteRequest } from "../http/register-route.ts";
import { requireJsonBody } from "../input/parse-json.ts";
import { headerLengthName } from "../input/read-infer-request.ts";
import { outputNames } from "../input/wanted-outputs.ts";
import type { Service } from "../service.ts";
import type { ServedModel } from "../serving/served-model.ts";
import { findModel, type NamedRequest } from "./find-model.ts";
import { outputTensor } from "./inference-outputs.ts";

type Routes = typeof openInferenceRoutes;

/** `model_repository` would promise routes that load and unload models. */
const extensions = ["binary_tensor_data", "classification", "model_configuration", "statistics"];

export function openInferenceHandlers(service: Service): Handlers<Routes> {
  const describeNamed = (request: NamedRequest) => describe(findModel(service, request), service);
  const ready = (request: NamedRequest, reply: FastifyReply) => {
    const model = findModel(service, request);
    const isReady = service.notReady() === undefined;
    reply.code(isReady ? 200 : 503);
    return { name: model.name, ready: isReady };
  };
  return {
    v2Server: () => ({ name: "pawprint", version: service.build.version, extensions }),
    v2Live: () => ({ live: true }),
    v2Ready(_request, reply) {
      const isReady = service.notReady() === undefined;
      reply.code(isReady ? 200 : 503);
      return { ready: isReady, live: true };
    },
    v2Model: describeNamed,
    v2Version: describeNamed,
    v2ModelReady: ready,
    v2VersionReady: ready,
    v2Infer: (request, reply) => answerInfer(service, request, reply),
    v2InferVersion: (request, reply) => answerInfer(service, request, reply),
  };
}

function describe({ name, version, info: { recipe, labels } }: ServedModel, { host }: Service) {
  const versions = new Set([
    version,
    ...host.versions.filter(({ state }) => state === "serving").map((one) => one.version),
  ]);
  return {
    name,
    versions: [...versions],
    platform: "onnx_onnxv1",
    inputs: [{ name: "pictures", datatype: "UINT8", shape: [-1, recipe.height, recipe.width, recipe.channels] }],
    outputs: outputNames.map((output) => ({ name: output, datatype: "FP32", shape: [-1, labels.length] })),
  };
}

async function answerInfer(
  service: Service,
  request: NamedRequest & Pick<RouteRequest<Routes["v2Infer"]>, "body">,
  reply: FastifyReply,
) {
  const { context, body, headers } = request;
  const headerLength = headers[headerLengthName]?.toString();
  const options = {
    headerLength,
    recipe: findModel(service, request).info.recipe,
    limit: service.config.picturesPerRequest,
  };
  const wanted = await service.reading.read("inference", requireJsonBody(body), options, context);
  const { id = context.id, timeout, outputs, pictures } = wanted;
  if (timeout !== undefined) context.deadline = Math.min(context.deadline, context.startedAt + timeout / 1000);
  // Asked again: another version may have taken over while the body was read.
  const model = findModel(service, request);
  const { answers } = await answerPictures(service, context, pictures, model);
  const facts = { model_name: model.name, model_version: model.version, id };
  const tensors = await Promise.all(
    outputs.map((output) => outputTensor(output, answers[output.name], model.info.labels)),
  );
  const answer = { ...facts, outputs: tensors.map(({ tensor }) => tensor) };
  const binary = tensors.flatMap(({ bytes }) => bytes ?? []);
  if (binary.length === 0) return answer;
  const json = Buffer.from(JSON.stringify(answer));
  reply.header(headerLengthName, String(json.length)).type("application/octet-stream");
  return Buffer.concat([json, ...binary]);
}
