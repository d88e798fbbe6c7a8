/**
 * The Open Inference Protocol V2 over HTTP, as KServe, Triton and MLServer speak it.
 * Source:
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
import { Type } from "typebox";
import type { ErrorCode } from "../../base/errors.ts";
import { defineRoute } from "./route.ts";

const Parameters = Type.Record(Type.String(), Type.Unknown());

const Tensor = Type.Object(
  {
    name: Type.String(),
    shape: Type.Array(Type.Integer({ minimum: 0 })),
    datatype: Type.String(),
    parameters: Type.Optional(Parameters),
    data: Type.Optional(Type.Array(Type.Unknown(), { description: "nested, or flat and row-major" })),
  },
  { title: "Tensor" },
);

export const InferRequest = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 1000 })),
    parameters: Type.Optional(Parameters),
    inputs: Type.Array(Tensor, { minItems: 1 }),
    outputs: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), parameters: Type.Optional(Parameters) }), { maxItems: 2 }),
    ),
  },
  { title: "InferRequest" },
);

const TensorFacts = Type.Object({ name: Type.String(), datatype: Type.String(), shape: Type.Array(Type.Integer()) });

const route = { group: "open-inference", errorForm: "open-inference" } as const;
const modelParams = Type.Object({ model: Type.String() });
const versionParams = Type.Object({ model: Type.String(), version: Type.String() });
const binaryBody = {
  binary: true,
  doc: "the JSON object, and after it the tensors' bytes; the header Inference-Header-Content-Length parts them",
} as const;

const Live = Type.Object({ live: Type.Boolean() });
const Ready = Type.Object({ ready: Type.Boolean(), live: Type.Boolean() });
const ModelReady = Type.Object({ name: Type.String(), ready: Type.Boolean() });
const ready = { doc: "ready", content: { "application/json": ModelReady } } as const;
const notReady = { doc: "not ready", content: { "application/json": ModelReady } } as const;

const ServerFacts = Type.Object({ name: Type.String(), version: Type.String(), extensions: Type.Array(Type.String()) });
const ModelFacts = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.String()),
  platform: Type.String(),
  inputs: Type.Array(TensorFacts),
  outputs: Type.Array(TensorFacts),
});
const InferAnswer = Type.Object(
  {
    model_name: Type.String(),
    model_version: Type.String(),
    id: Type.String(),
    outputs: Type.Array(Tensor),
  },
  { title: "InferResponse" },
);

const facts = { 200: { doc: "its inputs and outputs", content: { "application/json": ModelFacts } } } as const;
const inferred = {
  200: {
    doc: "the outputs",
    content: { "application/json": InferAnswer, "application/octet-stream": binaryBody },
  },
} as const;
const inferBody = { "application/json": InferRequest, "application/octet-stream": binaryBody } as const;
const inferErrors = [
  "REQUEST_INVALID",
  "REQUEST_TOO_LARGE",
  "MEDIA_TYPE_UNSUPPORTED",
  "MODEL_UNKNOWN",
  "IMAGE_UNREADABLE",
  "IMAGE_SIZE",
  "REQUEST_TIMEOUT",
  "OVERLOADED",
  "NOT_READY",
  "DEADLINE_EXCEEDED",
] as const satisfies readonly ErrorCode[];

export const v2Server = defineRoute({
  ...route,
  id: "v2Server",
  method: "GET",
  path: "/v2",
  summary: "the server's name, version and extensions",
  scope: "open",
  answers: { 200: { doc: "the server", content: { "application/json": ServerFacts } } },
  errors: [],
});

export const v2Live = defineRoute({
  ...route,
  id: "v2Live",
  method: "GET",
  path: "/v2/health/live",
  summary: "the process answers",
  scope: "open",
  answers: { 200: { doc: "alive", content: { "application/json": Live } } },
  errors: [],
});

export const v2Ready = defineRoute({
  ...route,
  id: "v2Ready",
  method: "GET",
  path: "/v2/health/ready",
  summary: "requests are welcome",
  scope: "open",
  answers: {
    200: { doc: "ready", content: { "application/json": Ready } },
    503: { doc: "not ready", content: { "application/json": Ready } },
  },
  errors: [],
});

export const v2Model = defineRoute({
  ...route,
  id: "v2Model",
  method: "GET",
  path: "/v2/models/{model}",
  summary: "what the model takes and gives",
  scope: "open",
  params: modelParams,
  answers: facts,
  errors: ["MODEL_UNKNOWN", "NOT_READY"],
});

export const v2Version = defineRoute({
  ...route,
  id: "v2Version",
  method: "GET",
  path: "/v2/models/{model}/versions/{version}",
  summary: "what one version takes and gives",
  scope: "open",
  params: versionParams,
  answers: facts,
  errors: ["MODEL_UNKNOWN", "NOT_READY"],
});

export const v2ModelReady = defineRoute({
  ...route,
  id: "v2ModelReady",
  method: "GET",
  path: "/v2/models/{model}/ready",
  summary: "the model is loaded",
  scope: "open",
  params: modelParams,
  answers: { 200: ready, 503: notReady },
  errors: ["MODEL_UNKNOWN"],
});

export const v2VersionReady = defineRoute({
  ...route,
  id: "v2VersionReady",
  method: "GET",
  path: "/v2/models/{model}/versions/{version}/ready",
  summary: "the version is loaded",
  scope: "open",
  params: versionParams,
  answers: { 200: ready, 503: notReady },
  errors: ["MODEL_UNKNOWN"],
});

export const v2Infer = defineRoute({
  ...route,
  id: "v2Infer",
  method: "POST",
  path: "/v2/models/{model}/infer",
  summary: "logits and probabilities for a batch of pictures",
  doc: "Input `pictures` is UINT8 [N,H,W,C] of the model's size, or BYTES [N], each a picture file (base64 in JSON).",
  scope: "predict",
  params: modelParams,
  body: inferBody,
  answers: inferred,
  errors: inferErrors,
});

export const v2InferVersion = defineRoute({
  ...route,
  id: "v2InferVersion",
  method: "POST",
  path: "/v2/models/{model}/versions/{version}/infer",
  summary: "the same from one version",
  scope: "predict",
  params: versionParams,
  body: inferBody,
  answers: inferred,
  errors: inferErrors,
});
