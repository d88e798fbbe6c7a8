/** An untrained but whole bundle, for tests of everything that reads bundles. */
import { createRandom } from "../../src/base/random.ts";
import type { BundleInfo } from "../../src/bundle/bundle.ts";
import { runProgram } from "../../src/bundle/load-bundle.ts";
import type { Graph } from "../../src/graph/value.ts";
import { recipeSizeBytes } from "../../src/image/recipe.ts";
import { createNetwork } from "../../src/nn/architectures/table.ts";
import { buildInferenceGraph, layoutOf, type Model } from "../../src/nn/inference-graph.ts";
import { initialParameters, initialStatistics } from "../../src/nn/parameter-layout.ts";
import { createOnnxRuntimeExecutor } from "../../src/runtime/onnx-runtime.ts";

export const tinyExecutor = createOnnxRuntimeExecutor({ threads: 1 });

/** A graph and metadata that fit together, for pictures of 6 x 4 pixels. */
export function tinyModel(labels: readonly string[] = ["cat", "dog", "fox"]): {
  readonly graph: Graph;
  readonly info: Omit<BundleInfo, "parity">;
} {
  const recipe = { width: 6, height: 4, channels: 3, fit: "cover", kernel: "lanczos3" } as const;
  const network = createNetwork("cnn", { widths: [4] });
  const model: Model = {
    network,
    size: recipe,
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.1, 0.1, 0.1] },
    labels,
  };
  const layout = layoutOf(model);
  const weights = {
    parameters: initialParameters(layout, createRandom(5)),
    statistics: initialStatistics(layout),
  };
  return {
    graph: buildInferenceGraph(model, weights),
    info: {
      labels,
      recipe,
      architecture: { name: network.architecture, options: network.options },
      lineage: {
        runId: "run-1",
        datasetHash: "d".repeat(64),
        source: "data/raw",
        createdAt: "2026-01-02T03:04:05.000Z",
        seed: 5,
      },
      evaluation: { split: "test", accuracy: 0.75, count: 4 },
    },
  };
}

/** Seeded pictures that fit the tiny model, and what its graph answers to them. */
export async function tinyReference({ graph, info }: ReturnType<typeof tinyModel>, count = 3) {
  const random = createRandom("reference");
  const pixels = Uint8Array.from({ length: count * recipeSizeBytes(info.recipe) }, () => random.integer(256));
  const program = await tinyExecutor.load(graph);
  const { probabilities } = await runProgram(program, info, pixels);
  await program.close();
  return { pixels, probabilities };
}
