import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import { relu } from "../../graph/ops/elementwise/elementwise.ts";
import { nodesOf } from "../../graph/value.ts";
import type { Network } from "../../nn/architectures/architecture.ts";
import type { Model } from "../../nn/inference-graph.ts";
import { heNormal } from "../../nn/initializers.ts";
import { batchNorm, conv2d, dense, dropout, globalAveragePool } from "../../nn/layers.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { adamw, type Optimizer, sgd, withAccumulation, withClipping } from "./optimizer.ts";
import { averageName, buildTrainStep } from "./step.ts";
import { initialState, StepRunner } from "./step-runner.ts";

/** A convolution and its norm, frozen or not, before a second one and a head that are trained. */
function network(isFrozen: boolean): Network {
  return {
    architecture: "frozen",
    options: {},
    checkSize: () => {},
    build: (scope, pictures, classes) => {
      const backbone = isFrozen ? scope.within("backbone").frozen() : scope.within("backbone");
      const stem = relu(batchNorm(backbone, "norm", conv2d(backbone, "stem", pictures, { filters: 4 })));
      const x = relu(
        batchNorm(scope, "norm", conv2d(scope, "conv", dropout(backbone, "drop", stem, 0.5), { filters: 4 })),
      );
      const head = dense(scope, "head", globalAveragePool(x), { units: classes });
      scope.parameter("fixed", [3], heNormal, { trainable: false });
      return head;
    },
  };
}

const modelWith = (isFrozen: boolean): Model => ({
  network: network(isFrozen),
  size: { height: 6, width: 6, channels: 1 },
  normalization: { mean: [0.5], std: [0.2] },
  labels: ["cat", "dog"],
});

const optimizers: readonly Optimizer[] = [
  sgd({ momentum: 0, weightDecay: 0.1 }),
  sgd({ momentum: 0.9, weightDecay: 0.1 }),
  withClipping(adamw({ weightDecay: 0.1 }), 0.1),
  withAccumulation(adamw({ weightDecay: 0.1 }), 2),
];

describe("frozen parameters", () => {
  it.each(optimizers.map((optimizer) => [optimizer.name, optimizer] as const))(
    "stay bit for bit, with their norm's statistics, where the others train: %s",
    async (_, optimizer) => {
      const step = buildTrainStep({ model: modelWith(true), batchSize: 4, optimizer, averages: true });
      expect(step.masks).toEqual([]);
      const start = initialState(step, optimizer, createRandom(3));
      const runner = await StepRunner.start(createOnnxRuntimeExecutor({ threads: 1 }), step, optimizer, start);
      const random = createRandom(4);
      for (let at = 1; at <= 4; at++) {
        const data = Uint8Array.from({ length: 4 * 36 }, () => Math.floor(random.next() * 256));
        const targets = { dtype: "int32", shape: [4], data: Int32Array.of(0, 1, 1, 0) } as const;
        const pictures = { dtype: "uint8", shape: [4, 6, 6, 1], data } as const;
        await runner.run({ pictures, targets }, { learningRate: 0.1, step: at }, 0.5);
      }
      const end = runner.state();
      for (const slot of step.layout.parameters) {
        const isFrozen = slot.name.startsWith("backbone.") || slot.name === "fixed";
        expect(slot.trainable, slot.name).toBe(!isFrozen);
        for (const name of ["parameters", averageName("parameters")]) {
          const part = (vectors: typeof start) => vectors[name]!.subarray(slot.offset, slot.offset + slot.size);
          if (isFrozen) expect(part(end), slot.name).toEqual(part(start));
          else expect(part(end), slot.name).not.toEqual(part(start));
        }
      }
      for (const { name, offset, size } of step.layout.statistics) {
        const part = (vectors: typeof start) => vectors.statistics!.subarray(offset, offset + size);
        if (name.startsWith("backbone.")) expect(part(end), name).toEqual(part(start));
        else expect(part(end), name).not.toEqual(part(start));
      }
      await runner.close();
    },
  );

  it("cost no backward pass through their layers", () => {
    const gradientsIn = (isFrozen: boolean) =>
      nodesOf(
        Object.values(buildTrainStep({ model: modelWith(isFrozen), batchSize: 4, optimizer: sgd() }).graph.outputs),
      ).filter(({ op }) => op.name.startsWith("Conv") && op.name.endsWith("Gradient")).length;
    // A weight gradient for each convolution, an input gradient for the second.
    expect([gradientsIn(false), gradientsIn(true)]).toEqual([3, 1]);
  });
});
