/**
 * Triton's extensions of the Open Inference Protocol: configuration, statistics, repository index.
 * Source: https://github.com/triton-inference-server/server/tree/main/docs/protocol
 */
import { Type } from "typebox";
import { literals } from "../../base/schema/literals.ts";
import { modelParams, versionParams } from "./open-inference-routes.ts";
import { defineRoutes } from "./route.ts";

const Count = Type.Integer({ minimum: 0 });
const dims = Type.Array(Type.Integer());

const ModelConfig = Type.Object(
  {
    name: Type.String(),
    platform: Type.String(),
    backend: Type.String(),
    max_batch_size: Type.Integer({ description: "pictures in one request" }),
    input: Type.Array(Type.Object({ name: Type.String(), data_type: Type.String(), format: Type.String(), dims })),
    output: Type.Array(Type.Object({ name: Type.String(), data_type: Type.String(), dims })),
    dynamic_batching: Type.Object({
      preferred_batch_size: Type.Array(Type.Integer(), {
        description: "pictures that go through the model together at most",
      }),
      max_queue_delay_microseconds: Type.Integer({ description: "no request waits for a batch to fill" }),
    }),
  },
  { title: "ModelConfig", description: "the part of Triton's ModelConfig message that the service knows" },
);

const duration = (description: string) =>
  Type.Object({ count: Count, ns: Type.Integer({ minimum: 0, description: "nanoseconds in all" }) }, { description });

const ModelStatistics = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    last_inference: Type.Integer({ description: "milliseconds since 1970; 0 before the first request" }),
    inference_count: Type.Integer({ minimum: 0, description: "pictures that were answered" }),
    execution_count: Type.Integer({ minimum: 0, description: "runs of the engine" }),
    inference_stats: Type.Object({
      success: duration("answered requests, from decoding on"),
      fail: duration("requests that reached the model and were not answered in time, or failed"),
      queue: duration("waiting for the engine"),
      compute_input: duration("decoding and resizing"),
      compute_infer: duration("inference of the batch that a request was part of"),
      compute_output: duration("not measured apart: always 0"),
      cache_hit: duration("there is no cache: always 0"),
      cache_miss: duration("there is no cache: always 0"),
    }),
    batch_stats: Type.Array(
      Type.Object({
        batch_size: Type.Integer({ minimum: 1 }),
        compute_input: duration("not measured by batch: always 0"),
        compute_infer: duration("runs of the engine with so many pictures"),
        compute_output: duration("not measured apart: always 0"),
      }),
    ),
  },
  { title: "ModelStatistics", description: "of one version since it was loaded" },
);
const Statistics = Type.Object({ model_stats: Type.Array(ModelStatistics) }, { title: "Statistics" });

const IndexRequest = Type.Object(
  { ready: Type.Optional(Type.Boolean({ description: "only versions that answer" })) },
  { title: "RepositoryIndexRequest", examples: [{ ready: true }] },
);
const Index = Type.Array(
  Type.Object({
    name: Type.String(),
    version: Type.Optional(Type.String()),
    state: literals(["READY", "LOADING", "UNAVAILABLE"]),
    reason: Type.String({ description: "empty where it is ready" }),
  }),
  { title: "RepositoryIndex" },
);

const config = {
  scope: "open",
  answers: { 200: { doc: "its configuration", content: { "application/json": ModelConfig } } },
  errors: ["MODEL_UNKNOWN", "NOT_READY"],
} as const;
const statistics = {
  scope: "open",
  answers: { 200: { doc: "counts and times", content: { "application/json": Statistics } } },
  errors: ["MODEL_UNKNOWN"],
} as const;

export const tritonRoutes = defineRoutes(
  { group: "triton", errorForm: "open-inference" },
  {
    v2ModelConfig: { ...config, summary: "the model's configuration", params: modelParams },
    v2VersionConfig: { ...config, summary: "the configuration of one version", params: versionParams },
    v2Statistics: { ...statistics, summary: "statistics of every model and version that serves" },
    v2ModelStatistics: { ...statistics, summary: "statistics of every version of the model", params: modelParams },
    v2VersionStatistics: { ...statistics, summary: "statistics of one version", params: versionParams },
    v2RepositoryIndex: {
      scope: "open",
      summary: "the versions in service, being loaded, or refused",
      doc: "Models are loaded from the service's own sources: there are no routes to load or unload one.",
      body: { "application/json": IndexRequest },
      bodyIsOptional: true,
      // The route is open to all.
      bodyLimitBytes: 4096,
      answers: { 200: { doc: "the versions", content: { "application/json": Index } } },
      errors: [
        "NOT_READY",
        "REQUEST_TOO_LARGE",
        "MEDIA_TYPE_UNSUPPORTED",
        "OVERLOADED",
        "REQUEST_TIMEOUT",
        "DEADLINE_EXCEEDED",
      ],
    },
  },
);
