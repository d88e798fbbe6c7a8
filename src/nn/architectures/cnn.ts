/**
 * The baseline: two convolutions per width, each followed by batch normalisation and ReLU, then
 * pooling.
 */
import { Type } from "typebox";
import { relu } from "../../graph/ops/elementwise/elementwise.ts";
import { maxPool } from "../../graph/ops/pooling/pooling.ts";
import type { Value } from "../../graph/value.ts";
import { headNormal } from "../initializers.ts";
import { batchNorm, conv2d, dense, dropout, globalAveragePool } from "../layers.ts";
import { inLayer } from "../scope.ts";
import { defineArchitecture } from "./architecture.ts";
import { dropoutRate, widths } from "./options.ts";

export const cnn = defineArchitecture({
  name: "cnn",
  doc: "plain network: two 3x3 convolutions per width with batch normalisation and ReLU, max pooling, global average, dense",
  options: Type.Object({
    widths: widths("filters of each stage; every stage halves the picture"),
    dropout: dropoutRate,
  }),
  minimumSide: ({ widths }) => 2 ** widths.length,
  build: (scope, pictures, classes, { widths, dropout: rate }) => {
    let x: Value = pictures;
    for (const [index, filters] of widths.entries()) {
      const stage = scope.within(`stage${index + 1}`);
      x = relu(batchNorm(stage, "norm1", conv2d(stage, "conv1", x, { filters })));
      x = batchNorm(stage, "norm2", conv2d(stage, "conv2", x, { filters }));
      // max and ReLU are both monotone, so pooling first gives the same result and leaves ReLU a
      // quarter of the values.
      x = relu(inLayer(`${stage.path}.pool`, () => maxPool(x, { kernel: [2, 2], strides: [2, 2] })));
    }
    x = dropout(scope, "dropout", globalAveragePool(x), rate);
    return dense(scope, "head", x, { units: classes, initializer: headNormal });
  },
});
