/**
 * The Open Inference Protocol V2 over the same models, in JSON and with its binary tensor
 * extension.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../base/errors.ts";
import { answerPictures, chooseModel } from "../answering/answer-pictures.ts";
import { openInferenceRoutes } from "../contract/open-inference-routes.ts";
import type { BodyOf } from "../contract/route.ts";
import type { Handlers, RouteRequest } from "../http/register-route.ts";
import { compileCheck } from "../http/validate.ts";
import { nameOfKind } from "../input/nested-array.ts";
import { parseJson } from "../input/parse-json.ts";
import { picturesFromTensor, type RequestTensor } from "../input/tensor-input.ts";
import type { Service } from "../service.ts";
import type { ServedModel } from "../serving/served-model.ts";

type Routes = typeof openInferenceRoutes;
type InferBody = BodyOf<Routes["v2Infer"]>;

/** Of the binary tensor extension: the length of the JSON before the tensors. */
const headerLength = "inference-header-content-length";

const extensions = ["binary_tensor_data"];

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

/** A request whose path names a model, and perhaps a version. */
type NamedRequest = Pick<FastifyRequest, "headers" | "context"> & {
  readonly params: { readonly model: string; readonly version?: string };
};

/** The model that the path names. Errors: MODEL_UNKNOWN. */
function findModel(service: Service, request: NamedRequest): ServedModel {
  const { host } = service;
  const { model: name, version }: NamedRequest["params"] = request.params;
  const found = version === undefined ? chooseModel(service, request) : host.byVersion(version);
  if (found !== undefined && found.name === name) return found;
  const champion = host.current("champion");
  throw new AppError("MODEL_UNKNOWN", {
    required: "the name and version of a served model",
    received: `${JSON.stringify(name.slice(0, 80))}${version === undefined ? "" : ` version ${JSON.stringify(version.slice(0, 80))}`}`,
    ...(champion && { hint: `'${champion.name}' is served, version ${champion.version}` }),
  });
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

const outputNames = ["logits", "probabilities"] as const;
type OutputName = (typeof outputNames)[number];

async function answerInfer(
  service: Service,
  request: NamedRequest & Pick<RouteRequest<Routes["v2Infer"]>, "body">,
  reply: FastifyReply,
) {
  const { context, body } = request;
  const model = findModel(service, request);
  if (!(body instanceof Uint8Array)) throw invalid("a JSON body", "none");
  const { head, tail } = parseBody(body, request.headers[headerLength]);
  const inputs = takeBinaryInputs(head, tail);
  if (inputs.length !== 1) throw invalid("one input, 'pictures'", `${inputs.length} inputs`);
  const outputs = wantedOutputs(head);
  const pictures = picturesFromTensor(inputs[0]!, model.info.recipe, service.config.picturesPerRequest);
  const { answers } = await answerPictures(service, context, pictures, model);
  const facts = { model_name: model.name, model_version: model.version, id: head.id ?? context.id };
  const shape = [pictures.length, model.info.labels.length];
  const binary: Uint8Array[] = [];
  const tensors = outputs.map(({ name, isBinary }) => {
    const data = answers[name];
    const tensor = { name, shape, datatype: "FP32" };
    if (!isBinary) return { ...tensor, data: Array.from(data) };
    binary.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return { ...tensor, parameters: { binary_data_size: data.byteLength } };
  });
  if (binary.length === 0) return { ...facts, outputs: tensors };
  const json = Buffer.from(JSON.stringify({ ...facts, outputs: tensors }));
  reply.header(headerLength, String(json.length)).type("application/octet-stream");
  return Buffer.concat([json, ...binary]);
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

function wantedOutputs({
  outputs,
  parameters,
}: InferBody): readonly { readonly name: OutputName; readonly isBinary: boolean }[] {
  const allBinary = parameters?.binary_data_output === true;
  if (outputs === undefined || outputs.length === 0) return outputNames.map((name) => ({ name, isBinary: allBinary }));
  const names = new Set(outputs.map(({ name }) => name));
  if (names.size < outputs.length) throw invalid("each output once", "an output twice");
  return outputs.map(({ name, parameters: own }) => {
    const known = outputNames.find((output) => output === name);
    if (known === undefined) throw invalid(`outputs among ${outputNames.join(", ")}`, `'${name.slice(0, 80)}'`);
    return { name: known, isBinary: typeof own?.binary_data === "boolean" ? own.binary_data : allBinary };
  });
}

function invalid(required: string, received: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where: "body" });
}
