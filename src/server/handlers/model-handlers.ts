/** `/model` and the sample pictures. */
import type { Contract } from "../contract/contract.ts";
import type { modelRoutes, VersionState } from "../contract/model-routes.ts";
import type { AnswerOf } from "../contract/route.ts";
import type { Handlers } from "../http/register-route.ts";
import type { SampleList } from "../samples.ts";
import { requireModel, type Service } from "../service.ts";
import type { ServedModel } from "../serving/served-model.ts";

export function modelHandlers(service: Service, samples: SampleList): Handlers<typeof modelRoutes> {
  return {
    model: () => describeModel(service),
    async samples() {
      return { samples: (await samples.list()).map((sample, index) => ({ ...sample, url: `/samples/${index}` })) };
    },
    async sample({ params: { index } }, reply) {
      const { bytes, mediaType } = await samples.read(index);
      reply.type(mediaType).header("cache-control", "public, max-age=3600");
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
  };
}

function describeModel(service: Service): AnswerOf<Contract["model"]> {
  const { host, config, shadow, recorder } = service;
  const { name, version, sha256, info } = requireModel(service);
  const { width, height, channels, fit, kernel } = info.recipe;
  const { bodyBytes, picturesPerRequest, pixels, deadlineMs } = config;
  const { compared, sameLabel, skipped, failed, meanDifference } = shadow.counts;
  return {
    name,
    version,
    sha256,
    labels: info.labels,
    recipe: { width, height, channels, fit, kernel },
    architecture: info.architecture,
    lineage: info.lineage,
    evaluation: info.evaluation,
    limits: { body_bytes: bodyBytes, batch: picturesPerRequest, pixels, deadline_ms: deadlineMs },
    takes_feedback: recorder !== undefined,
    versions: host.versions.map((state) => ({ ...state, ...originOf(host.byVersion(state.version)) })),
    ...(host.current("canary") && { canary_percent: host.canaryPercent }),
    ...(host.current("challenger") && {
      shadow: { compared, same_label: sameLabel, skipped, failed, mean_difference: meanDifference },
    }),
  };
}

/** What leads from a bundle to its registered version, its run and its pictures. */
function originOf(model: ServedModel | undefined): Partial<VersionState> {
  if (model === undefined) return {};
  const { runId, datasetHash } = model.info.lineage;
  return { sha256: model.sha256, run_id: runId, dataset_hash: datasetHash };
}
