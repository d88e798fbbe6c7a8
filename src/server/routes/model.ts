/** `/model` and the sample pictures. */
import { contract } from "../contract/contract.ts";
import type { Handler } from "../http/register-route.ts";
import type { SampleList } from "../samples.ts";
import { requireModel, type Service } from "../service.ts";

export function modelRoutes(service: Service, samples: SampleList): Readonly<Record<string, Handler>> {
  return {
    [contract.model.id]: () => describeModel(service),
    [contract.samples.id]: async () => ({
      samples: (await samples.list()).map((sample, index) => ({ ...sample, url: `/samples/${index}` })),
    }),
    [contract.sample.id]: async ({ params }, reply) => {
      const { index } = params as { readonly index: number }; // checked against the contract
      const { bytes, mediaType } = await samples.read(index);
      reply.type(mediaType).header("cache-control", "public, max-age=3600");
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
  };
}

function describeModel(service: Service): object {
  const { host, config, shadow } = service;
  const { name, version, sha256, info } = requireModel(service);
  const { width, height, channels, fit, kernel } = info.recipe;
  const { bodyBytes, picturesPerRequest, pixels, deadlineMs } = config;
  const { compared, sameLabel, skipped, meanDifference } = shadow.counts;
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
    versions: host.versions,
    ...(host.current("canary") && { canary_percent: host.canaryPercent }),
    ...(host.current("challenger") && {
      shadow: { compared, same_label: sameLabel, skipped, mean_difference: meanDifference },
    }),
  };
}
