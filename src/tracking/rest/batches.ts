/** A batch of any size as requests within MLflow's limits. */
import type { MetricPoint } from "../run.ts";
import type { RunBatch } from "../run-store.ts";

/** Of one request; the three together have at most `metrics`. */
export const batchLimits = { metrics: 1000, params: 100, tags: 100 } as const;

export interface BatchPart {
  readonly metrics: readonly MetricPoint[];
  readonly params: readonly (readonly [string, string])[];
  readonly tags: readonly (readonly [string, string])[];
}

/** Parameters first: where one is refused, nothing else is sent. */
export function* partsOf({ metrics = [], params = new Map(), tags = new Map() }: RunBatch): Generator<BatchPart> {
  const rest = { metrics: [...metrics], params: [...params], tags: [...tags] };
  let [metricAt, paramAt, tagAt] = [0, 0, 0];
  while (metricAt < rest.metrics.length || paramAt < rest.params.length || tagAt < rest.tags.length) {
    const someParams = rest.params.slice(paramAt, paramAt + batchLimits.params);
    paramAt += someParams.length;
    const hasParams = paramAt < rest.params.length;
    const someTags = hasParams ? [] : rest.tags.slice(tagAt, tagAt + batchLimits.tags);
    tagAt += someTags.length;
    const room = hasParams ? 0 : batchLimits.metrics - someParams.length - someTags.length;
    const someMetrics = rest.metrics.slice(metricAt, metricAt + room);
    metricAt += someMetrics.length;
    yield { metrics: someMetrics, params: someParams, tags: someTags };
  }
}
