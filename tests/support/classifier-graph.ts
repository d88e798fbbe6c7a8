/** The graph of an untrained network for pictures of 16 x 16 pixels and three classes. */
import { createRandom } from "../../src/base/random.ts";
import type { Graph } from "../../src/graph/value.ts";
import { createNetwork } from "../../src/nn/architectures/table.ts";
import { buildInferenceGraph, layoutOf } from "../../src/nn/inference-graph.ts";
import { initialParameters, initialStatistics } from "../../src/nn/parameter-layout.ts";

export function classifierOf(name: string, options: Record<string, unknown>, temperature = 1): Graph {
  const size = { height: 16, width: 16, channels: 3 } as const;
  const normalization = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] };
  const model = { network: createNetwork(name, options), size, normalization, labels: ["a", "b", "c"] };
  const layout = layoutOf(model);
  const parameters = initialParameters(layout, createRandom(name));
  return buildInferenceGraph(model, { parameters, statistics: initialStatistics(layout) }, temperature);
}
