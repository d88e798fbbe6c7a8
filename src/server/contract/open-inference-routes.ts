/**
 * The Open Inference Protocol V2 over HTTP, as KServe, Triton and MLServer speak it.
 * Source:
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
import { Type } from "typebox";
import { exampleBytes, examplePicture } from "./examples.ts";
import { pictureErrors } from "./picture-errors.ts";
import { defineRoutes } from "./route.ts";

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

const exampleInfer = {
  inputs: [{ name: "pictures", shape: [1], datatype: "BYTES", data: [examplePicture.base64] }],
  outputs: [{ name: "probabilities", parameters: { classification: 2 } }],
};

const InferRequest = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 1000 })),
    parameters: Type.Optional(Parameters),
    inputs: Type.Array(Tensor, { minItems: 1 }),
    outputs: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), parameters: Type.Optional(Parameters) }), { maxItems: 2 }),
    ),
  },
  { title: "InferRequest", examples: [exampleInfer] },
);

const TensorFacts = Type.Object({ name: Type.String(), datatype: Type.String(), shape: Type.Array(Type.Integer()) });

export const modelParams = Type.Object({ model: Type.String() });
export const versionParams = Type.Object({ model: Type.String(), version: Type.String() });
const binaryBody = {
  binary: true,
  doc: "the JSON object, followed by the tensors' bytes; the header Inference-Header-Content-Length is the length of the JSON",
} as const;

const Live = Type.Object({ live: Type.Boolean() });
const Ready = Type.Object({ ready: Type.Boolean(), live: Type.Boolean() });
const ModelReady = Type.Object({ name: Type.String(), ready: Type.Boolean() });
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

/** What a route of the model and the same route of one of its versions share. */
const describeModel = {
  scope: "open",
  answers: { 200: { doc: "its inputs and outputs", content: { "application/json": ModelFacts } } },
  errors: ["MODEL_UNKNOWN", "NOT_READY"],
} as const;
const modelReady = {
  scope: "open",
  answers: {
    200: { doc: "ready", content: { "application/json": ModelReady } },
    503: { doc: "not ready", content: { "application/json": ModelReady } },
  },
  errors: ["MODEL_UNKNOWN"],
} as const;
const infer = {
  scope: "predict",
  body: {
    "application/json": InferRequest,
    "application/octet-stream": { ...binaryBody, example: exampleBytes(exampleInfer, "application/octet-stream") },
  },
  answers: {
    200: { doc: "the outputs", content: { "application/json": InferAnswer, "application/octet-stream": binaryBody } },
  },
  errors: [...pictureErrors, "MODEL_UNKNOWN"],
} as const;

export const openInferenceRoutes = defineRoutes(
  { group: "open-inference", errorForm: "open-inference" },
  {
    v2Server: {
      scope: "open",
      summary: "the server's name, version and extensions",
      answers: { 200: { doc: "the server", content: { "application/json": ServerFacts } } },
    },
    v2Live: {
      scope: "open",
      summary: "the process answers",
      answers: { 200: { doc: "alive", content: { "application/json": Live } } },
    },
    v2Ready: {
      scope: "open",
      summary: "the server is ready",
      answers: {
        200: { doc: "ready", content: { "application/json": Ready } },
        503: { doc: "not ready", content: { "application/json": Ready } },
      },
    },
    v2Model: { ...describeModel, summary: "input and output tensors of the model", params: modelParams },
    v2Version: { ...describeModel, summary: "input and output tensors of one version", params: versionParams },
    v2ModelReady: { ...modelReady, summary: "the model is loaded", params: modelParams },
    v2VersionReady: { ...modelReady, summary: "the version is loaded", params: versionParams },
    v2Infer: {
      ...infer,
      summary: "logits and probabilities for a batch of pictures",
      doc: `Input \`pictures\` is UINT8 [N,H,W,C] of the model's size, or BYTES [N], each a picture file (base64 in JSON). An output with the
parameter \`classification\`: K is BYTES [N,K], the K largest values as value:index:label. The parameter \`timeout\` is in microseconds.`,
      params: modelParams,
    },
    v2InferVersion: { ...infer, summary: "the same from one version", params: versionParams },
  },
);
