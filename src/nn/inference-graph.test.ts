import { describe, expect, it } from "vitest";
import { createRandom } from "../base/random.ts";
import type { TensorData } from "../graph/tensor-type.ts";
import { nodesOf } from "../graph/value.ts";
import { createOnnxRuntimeExecutor } from "../runtime/onnx-runtime.ts";
import { createNetwork } from "./architectures/table.ts";
import { buildEvaluateGraph, buildInferenceGraph, layoutOf, type Model, type Weights } from "./inference-graph.ts";
import { initialParameters } from "./parameter-layout.ts";

const executor = createOnnxRuntimeExecutor({ threads: 1 });
const batch = 3;

function modelOf(architecture: string, options: Record<string, unknown>): Model {
  return {
    network: createNetwork(architecture, options),
    size: { height: 16, width: 13, channels: 3 },
    normalization: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] },
    labels: ["cat", "dog", "owl"],
  };
}

/** Weights as after a training: no scale or statistic is at its starting value. */
function trainedWeights(model: Model): Weights {
  const random = createRandom("weights");
  const layout = layoutOf(model);
  const parameters = initialParameters(layout, random).map((value) => value + 0.05 * random.normal());
  const statistics = new Float32Array(layout.statisticCount);
  for (const { name, offset, size } of layout.statistics) {
    const isVariance = name.endsWith("variance");
    for (let at = offset; at < offset + size; at++) {
      statistics[at] = isVariance ? 0.3 + random.next() : 0.3 * random.normal();
    }
  }
  return { parameters, statistics };
}

const networks: readonly [string, Record<string, unknown>][] = [
  ["cnn", { widths: [4, 8], dropout: 0.3 }],
  ["resnet", { widths: [4, 8], blocks: 1 }],
  ["mobilenet", { stemWidth: 8, headWidth: 16, stages: [{ expansion: 2, width: 8, repeat: 2, stride: 2 }] }],
];

describe.each(networks)("the inference graph of %s", (architecture, options) => {
  const model = modelOf(architecture, options);
  const weights = trainedWeights(model);
  const pictures: TensorData = {
    dtype: "uint8",
    shape: [batch, 16, 13, 3],
    data: Uint8Array.from({ length: batch * 16 * 13 * 3 }, (_, index) => (index * 71) % 256),
  };

  it("has no batch normalisation left, and answers as the unfolded network does to 1e-5", async () => {
    const folded = buildInferenceGraph(model, weights);
    const ops = nodesOf(Object.values(folded.outputs)).map((node) => node.op.name);
    expect(ops).not.toContain("BatchNormalization");
    const answer = await executor.load(folded).then((program) => program.run({ pictures }));

    const unfolded = buildEvaluateGraph(model, batch);
    expect(nodesOf(Object.values(unfolded.outputs)).map((node) => node.op.name)).toContain("BatchNormalization");
    const expected = await executor.load(unfolded).then((program) =>
      program.run({
        pictures,
        parameters: { dtype: "float32", shape: [weights.parameters.length], data: weights.parameters },
        statistics: { dtype: "float32", shape: [weights.statistics.length], data: weights.statistics },
      }),
    );
    for (const output of ["logits", "probabilities"]) {
      expect(answer[output]!.shape).toEqual([batch, 3]);
      const values = Array.from(expected[output]!.data as Float32Array);
      for (const [index, value] of values.entries()) {
        expect(Math.abs(Number(answer[output]!.data[index]) - value)).toBeLessThan(1e-5);
      }
    }
    // The three pictures differ, so a graph that ignored its input would not get here.
    expect(new Set(Array.from(answer.logits!.data as Float32Array)).size).toBe(9);
  });

  it("divides its logits by the temperature, and changes no answer", async () => {
    const [plain, hot] = await Promise.all(
      [1, 2.5].map(async (temperature) => {
        const program = await executor.load(buildInferenceGraph(model, weights, temperature));
        const { logits, probabilities } = await program.run({ pictures });
        await program.close();
        return { logits: Array.from(logits!.data, Number), probabilities: Array.from(probabilities!.data, Number) };
      }),
    );
    expect(hot!.logits).toEqual(plain!.logits.map((logit) => expect.closeTo(logit / 2.5, 5)));
    const row = hot!.logits.slice(0, 3).map(Math.exp);
    const sum = row.reduce((total, value) => total + value, 0);
    expect(hot!.probabilities.slice(0, 3)).toEqual(row.map((value) => expect.closeTo(value / sum, 5)));
  });

  it("takes any number of pictures", async () => {
    const program = await executor.load(buildInferenceGraph(model, weights));
    const one = { ...pictures, shape: [1, 16, 13, 3], data: pictures.data.slice(0, 16 * 13 * 3) } as TensorData;
    const [alone, together] = [await program.run({ pictures: one }), await program.run({ pictures })];
    for (let index = 0; index < 3; index++) {
      expect(Number(alone.logits!.data[index])).toBeCloseTo(Number(together.logits!.data[index]), 5);
    }
    await program.close();
  });
});
