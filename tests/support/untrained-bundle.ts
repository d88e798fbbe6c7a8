/**
 * A whole bundle of an untrained network: what it answers is of no worth, but it is answered in
 * earnest.
 */
import { createRandom } from "../../src/base/random.ts";
import { parityPicture } from "../../src/bundle/bundle.ts";
import { exportBundle } from "../../src/bundle/export-bundle.ts";
import { runProgram } from "../../src/bundle/load-bundle.ts";
import type { Recipe } from "../../src/image/recipe.ts";
import { createNetwork } from "../../src/nn/architectures/table.ts";
import { buildInferenceGraph, layoutOf, type Model } from "../../src/nn/inference-graph.ts";
import { initialParameters, initialStatistics } from "../../src/nn/parameter-layout.ts";
import { createOnnxRuntimeExecutor } from "../../src/runtime/onnx-runtime.ts";

export interface UntrainedModel {
  readonly labels: readonly string[];
  readonly recipe: Recipe;
  readonly widths: readonly number[];
  /** Other seeds have other weights, and so another version. */
  readonly seed?: number;
}

/** Writes it to `path`, over what is there. */
export async function writeUntrainedBundle({ labels, recipe, widths, seed = 7 }: UntrainedModel, path: string) {
  const network = createNetwork("cnn", { widths });
  const perChannel = (value: number): number[] => Array.from({ length: recipe.channels }, () => value);
  const normalization = { mean: perChannel(0.5), std: perChannel(0.25) };
  const model: Model = { network, size: recipe, normalization, labels };
  const layout = layoutOf(model);
  const parameters = initialParameters(layout, createRandom(seed));
  const graph = buildInferenceGraph(model, { parameters, statistics: initialStatistics(layout) });
  const info = {
    labels,
    recipe,
    architecture: { name: network.architecture, options: network.options },
    lineage: {
      runId: `run-${seed}`,
      datasetHash: "0123456789abcdef".repeat(4),
      source: "drawn samples",
      createdAt: "2026-01-02T03:04:05.000Z",
      seed,
      gitCommit: "c".repeat(40),
    },
    evaluation: { split: "test", accuracy: 0.875, count: 1234 },
  };
  const executor = createOnnxRuntimeExecutor({ threads: 1 });
  const pixels = parityPicture(seed, recipe);
  const program = await executor.load(graph);
  const { probabilities } = await runProgram(program, info, pixels);
  await program.close();
  await exportBundle({ graph, info, path, force: true, executor, reference: { pixels, probabilities } });
}
