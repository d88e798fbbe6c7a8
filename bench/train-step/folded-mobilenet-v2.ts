/**
 * MobileNetV2 1.0 as exporters write it for inference, its batch norms folded into convolutions with
 * bias, and all of it trained on: what fine-tuning an imported backbone costs. Source: Sandler et
 * al., MobileNetV2, CVPR 2018, table 2.
 */
import { add, relu6 } from "../../src/graph/ops/elementwise/elementwise.ts";
import type { Value } from "../../src/graph/value.ts";
import type { Network } from "../../src/nn/architectures/architecture.ts";
import { headNormal } from "../../src/nn/initializers.ts";
import { conv2d, dense, globalAveragePool } from "../../src/nn/layers.ts";
import type { Scope } from "../../src/nn/scope.ts";

/** Expansion, filters, blocks, stride of the first block. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

export const foldedMobileNetV2: Network = {
  architecture: "mobilenet-v2-folded",
  options: {},
  checkSize: () => {},
  build: (scope, pictures, classes) => {
    let x = relu6(conv2d(scope, "stem", pictures, { filters: 32, stride: 2, bias: true }));
    for (const [index, [expansion, filters, repeat, stride]] of stages.entries()) {
      for (let block = 0; block < repeat; block++) {
        x = invertedResidual(
          scope.within(`stage${index + 1}.block${block + 1}`),
          x,
          filters,
          expansion,
          block ? 1 : stride,
        );
      }
    }
    x = relu6(conv2d(scope, "top", x, { filters: 1280, kernel: 1, bias: true }));
    return dense(scope, "head", globalAveragePool(x), { units: classes, initializer: headNormal });
  },
};

function invertedResidual(scope: Scope, x: Value, filters: number, expansion: number, stride: number): Value {
  const channels = Number(x.type.shape[1]);
  const inner = channels * expansion;
  const expanded = expansion === 1 ? x : relu6(conv2d(scope, "expand", x, { filters: inner, kernel: 1, bias: true }));
  const filtered = relu6(conv2d(scope, "depthwise", expanded, { filters: inner, stride, groups: inner, bias: true }));
  const projected = conv2d(scope, "project", filtered, { filters, kernel: 1, bias: true });
  return stride === 1 && channels === filters ? add(x, projected) : projected;
}
