/** Triton's extensions: what its client asks of a server beside predictions. */
import { modelRoles, type VersionState } from "../contract/model-routes.ts";
import type { AnswerOf } from "../contract/route.ts";
import type { tritonRoutes } from "../contract/triton-routes.ts";
import type { Handlers } from "../http/register-route.ts";
import { outputNames } from "../input/wanted-outputs.ts";
import { requireModel, type Service } from "../service.ts";
import type { TimeTotal } from "../serving/model-statistics.ts";
import type { ServedModel } from "../serving/served-model.ts";
import { findModel, type NamedRequest } from "./find-model.ts";

type Routes = typeof tritonRoutes;

export function tritonHandlers(service: Service): Handlers<Routes> {
  const config = (request: NamedRequest) => configOf(findModel(service, request), service);
  return {
    v2ModelConfig: config,
    v2VersionConfig: config,
    v2Statistics: () => ({ model_stats: modelsOf(service).map(statisticsOf) }),
    v2ModelStatistics(request) {
      const { name } = findModel(service, request);
      return {
        model_stats: modelsOf(service)
          .filter((model) => model.name === name)
          .map(statisticsOf),
      };
    },
    v2VersionStatistics: (request) => ({ model_stats: [statisticsOf(findModel(service, request))] }),
    v2RepositoryIndex: ({ body }) => indexOf(service, body?.ready === true),
  };
}

/** Each once, though it may serve in several roles. */
function modelsOf({ host }: Service): readonly ServedModel[] {
  const models = modelRoles.flatMap((role) => host.current(role) ?? []);
  return models.filter(({ version }, at) => models.findIndex((other) => other.version === version) === at);
}

function configOf(
  { name, info: { recipe, labels } }: ServedModel,
  { config }: Service,
): AnswerOf<Routes["v2ModelConfig"]> {
  const { height, width, channels } = recipe;
  return {
    name,
    platform: "onnxruntime_onnx",
    backend: "onnxruntime",
    max_batch_size: config.picturesPerRequest,
    input: [{ name: "pictures", data_type: "TYPE_UINT8", format: "FORMAT_NHWC", dims: [height, width, channels] }],
    output: outputNames.map((output) => ({ name: output, data_type: "TYPE_FP32", dims: [labels.length] })),
    dynamic_batching: {
      preferred_batch_size: [Math.min(config.batch, config.picturesPerRequest)],
      max_queue_delay_microseconds: 0,
    },
  };
}

const nothing = { count: 0, ns: 0 } as const;

function statisticsOf({ name, version, statistics }: ServedModel) {
  const { lastRequestAt = 0, pictures, success, failure, decode, queue, inference, batches } = statistics;
  const bySize = [...batches].sort(([a], [b]) => a - b);
  return {
    name,
    version,
    last_inference: lastRequestAt,
    inference_count: pictures,
    execution_count: bySize.reduce((sum, [, { count }]) => sum + count, 0),
    inference_stats: {
      success: durationOf(success),
      fail: durationOf(failure),
      queue: durationOf(queue),
      compute_input: durationOf(decode),
      compute_infer: durationOf(inference),
      compute_output: nothing,
      cache_hit: nothing,
      cache_miss: nothing,
    },
    batch_stats: bySize.map(([size, total]) => ({
      batch_size: size,
      compute_input: nothing,
      compute_infer: durationOf(total),
      compute_output: nothing,
    })),
  };
}

function durationOf({ count, ms }: TimeTotal) {
  return { count, ns: Math.round(ms * 1e6) };
}

function indexOf(service: Service, onlyReady: boolean): AnswerOf<Routes["v2RepositoryIndex"]> {
  const { name } = requireModel(service);
  const notReady = service.notReady();
  const rows = service.host.versions.map(({ version, state, error }) => ({
    name,
    ...(version !== "" && { version }),
    ...stateOf(state, error, notReady),
  }));
  return onlyReady ? rows.filter(({ state }) => state === "READY") : rows;
}

function stateOf(state: VersionState["state"], error: VersionState["error"], notReady: string | undefined) {
  switch (state) {
    case "serving":
      return { state: notReady === undefined ? "READY" : "UNAVAILABLE", reason: notReady ?? "" } as const;
    case "loading":
      return { state: "LOADING", reason: "" } as const;
    case "refused":
      return { state: "UNAVAILABLE", reason: error === undefined ? "" : `${error.code}: ${error.message}` } as const;
  }
}
