/**
 * A small residual network for small pictures. Source: He et al., Deep Residual Learning, CVPR 2016
 * (the CIFAR form).
 */
import { Type } from "typebox";
import { add, relu } from "../../graph/ops/elementwise/elementwise.ts";
import type { Value } from "../../graph/value.ts";
import { headNormal, zeros } from "../initializers.ts";
import { batchNorm, conv2d, dense, dropout, globalAveragePool } from "../layers.ts";
import type { Scope } from "../scope.ts";
import { defineArchitecture } from "./architecture.ts";
import { dropoutRate, stemStride, widths } from "./options.ts";

export const resnet = defineArchitecture({
  name: "resnet",
  doc: "residual network: stages of two-convolution blocks with a short cut around each, the first block of each later stage at stride 2",
  options: Type.Object({
    widths: widths("filters of each stage"),
    blocks: Type.Integer({ minimum: 1, maximum: 64, default: 2, description: "residual blocks in each stage" }),
    stemStride: stemStride(4, "stride of the first convolution; 2 makes everything after it four times cheaper"),
    dropout: dropoutRate,
  }),
  minimumSide: ({ widths, stemStride }) => stemStride * 2 ** (widths.length - 1),
  build: (scope, pictures, classes, { widths, blocks, stemStride, dropout: rate }) => {
    const stem = conv2d(scope, "stem", pictures, { filters: widths[0]!, stride: stemStride });
    let x = relu(batchNorm(scope, "stemNorm", stem));
    for (const [index, filters] of widths.entries()) {
      for (let block = 0; block < blocks; block++) {
        const stride = index > 0 && block === 0 ? 2 : 1;
        x = residualBlock(scope.within(`stage${index + 1}.block${block + 1}`), x, filters, stride);
      }
    }
    x = dropout(scope, "dropout", globalAveragePool(x), rate);
    return dense(scope, "head", x, { units: classes, initializer: headNormal });
  },
});

function residualBlock(scope: Scope, x: Value, filters: number, stride: number): Value {
  const first = relu(batchNorm(scope, "norm1", conv2d(scope, "conv1", x, { filters, stride })));
  // The last scale starts at zero, so that every block starts as its short cut (Goyal et al., 2017,
  // section 5.1).
  const second = batchNorm(scope, "norm2", conv2d(scope, "conv2", first, { filters }), { scale: zeros });
  const isIdentity = stride === 1 && x.type.shape[1] === filters;
  const shortcut = isIdentity
    ? x
    : batchNorm(scope, "shortcutNorm", conv2d(scope, "shortcut", x, { filters, kernel: 1, stride }));
  return relu(add(second, shortcut));
}
