/**
 * The Open Inference Protocol V2 over the same models, in JSON and with its binary tensor
 * extension.
 */
import type { FastifyReply } from "fastify";
import { AppError } from "../../base/errors.ts";
import { answerPictures } from "../answering/answer-pictures.ts";
import { openInferenceRoutes } from "../contract/open-inference-routes.ts";
import type { BodyOf } from "../contract/route.ts";
import type { Handlers, RouteRequest } from "../http/register-route.ts";
import type { RequestContext } from "../http/request-context.ts";
import { compileCheck } from "../http/validate.ts";
import { nameOfKind } from "../input/nested-array.ts";
import { parseJson } from "../input/parse-json.ts";
import { picturesFromTensor, type RequestTensor } from "../input/tensor-input.ts";
import type { Service } from "../service.ts";
import type { ServedModel } from "../serving/served-model.ts";
import { findModel, type NamedRequest } from "./find-model.ts";
import { outputNames, outputTensor, wantedOutputs } from "./inference-outputs.ts";

type Routes = typeof openInferenceRoutes;
type InferBody = BodyOf<Routes["v2Infer"]>;

/** Of the binary tensor extension: the length of the JSON before the tensors. */
const headerLength = "inference-header-content-length";

/** `model_repository` would promise routes that load and unload models. */
const extensions = ["binary_tensor_data", "classification", "model_configuration", "statistics"];

const checkInferRequest = compileCheck(openInferenceRoutes.v2Infer.body["application/json"], "body");

export function openInferenceHandlers(service: Service): Handlers<Routes> {
  const describeNamed = (request: NamedRequest) => describe(findModel(service, request), service);
  const ready = (request: NamedRequest, reply: FastifyReply) => {
    const model = findModel(service, request);
    const isReady = service.notReady() === undefined;
    reply.code(isReady ? 200 : 503);
    return { name: model.name, ready: isReady };
  };
  return {
    v2Server: () => ({ name: "pawprint", version: service.version, extensions }),
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
  const { context, body } = request;
  const model = findModel(service, request);
  if (!(body instanceof Uint8Array)) throw invalid("a JSON body", "none");
  const { head, tail } = parseBody(body, request.headers[headerLength]);
  refuseUnknown(head);
  const inputs = takeBinaryInputs(head, tail);
  if (inputs.length !== 1) throw invalid("one input, 'pictures'", `${inputs.length} inputs`);
  const outputs = wantedOutputs(head);
  const pictures = picturesFromTensor(inputs[0]!, model.info.recipe, service.config.picturesPerRequest);
  shortenDeadline(context, head.parameters?.timeout);
  const { answers } = await answerPictures(service, context, pictures, model);
  const facts = { model_name: model.name, model_version: model.version, id: head.id ?? context.id };
  const tensors = outputs.map((output) => outputTensor(output, answers[output.name], model.info.labels));
  const answer = { ...facts, outputs: tensors.map(({ tensor }) => tensor) };
  const binary = tensors.flatMap(({ bytes }) => bytes ?? []);
  if (binary.length === 0) return answer;
  const json = Buffer.from(JSON.stringify(answer));
  reply.header(headerLength, String(json.length)).type("application/octet-stream");
  return Buffer.concat([json, ...binary]);
}

/** Triton's parameter, in microseconds; 0 is none. */
function shortenDeadline(context: RequestContext, timeout: unknown): void {
  if (timeout === undefined || timeout === 0) return;
  if (typeof timeout !== "number" || !(timeout > 0)) {
    throw invalid(
      "microseconds from 0 in the parameter timeout",
      typeof timeout === "number" ? String(timeout) : nameOfKind(timeout),
    );
  }
  context.deadline = Math.min(context.deadline, context.startedAt + timeout / 1000);
}

/** What Triton's clients may ask for that would change the answer: refused, never passed over. */
const unknownParameters = {
  sequence_id: "a request that is no part of a sequence",
  shared_memory_region: "tensors in the request itself",
} as const;

function refuseUnknown({ inputs, outputs = [], parameters }: InferBody): void {
  for (const one of [parameters, ...[...inputs, ...outputs].map(({ parameters: own }) => own)]) {
    for (const [name, required] of Object.entries(unknownParameters)) {
      if (one?.[name] !== undefined) throw invalid(required, `the parameter ${name}`);
    }
  }
}

/** The JSON object, and the bytes behind it. */
function parseBody(bytes: Uint8Array, header: string | string[] | undefined) {
  const length = header === undefined ? bytes.length : Number(header);
  if (!Number.isInteger(length) || length < 0 || length > bytes.length) {
    throw invalid(`a number up to the body's ${bytes.length} bytes in ${headerLength}`, JSON.stringify(header));
  }
  return { head: checkInferRequest(parseJson(bytes.subarray(0, length))), tail: bytes.subarray(length) };
}

/** Gives each binary input its bytes, in the order of the inputs. */
function takeBinaryInputs({ inputs }: InferBody, tail: Uint8Array): readonly RequestTensor[] {
  let at = 0;
  const tensors = inputs.map((input): RequestTensor => {
    const size = input.parameters?.binary_data_size;
    if (size === undefined) return input as RequestTensor; // data is optional in both; an undefined one never stands in JSON
    if (typeof size !== "number" || !Number.isInteger(size) || size < 0 || at + size > tail.length) {
      throw invalid("a binary_data_size within the body", typeof size === "number" ? String(size) : nameOfKind(size));
    }
    const bytes = tail.subarray(at, at + size);
    at += size;
    return { name: input.name, shape: input.shape, datatype: input.datatype, bytes };
  });
  if (at !== tail.length) throw invalid(`${at} bytes of tensors, as binary_data_size says`, `${tail.length} bytes`);
  return tensors;
}

function invalid(required: string, received: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where: "body" });
}
