/**
 * Inverted residuals with depthwise convolutions. Source: Sandler et al., MobileNetV2, CVPR 2018.
 */
import { Type } from "typebox";
import { add, relu6 } from "../../graph/ops/elementwise/elementwise.ts";
import type { Value } from "../../graph/value.ts";
import { headNormal } from "../initializers.ts";
import { batchNorm, conv2d, dense, dropout, globalAveragePool } from "../layers.ts";
import type { Scope } from "../scope.ts";
import { defineArchitecture } from "./architecture.ts";
import { dropoutRate, stemStride, width } from "./options.ts";

const stageSchema = Type.Object(
  {
    expansion: Type.Integer({ minimum: 1, maximum: 12 }),
    width: Type.Integer(width),
    repeat: Type.Integer({ minimum: 1, maximum: 64 }),
    stride: Type.Integer({ minimum: 1, maximum: 2 }),
  },
  { additionalProperties: false, description: "an object of expansion, width, repeat and stride" },
);

export const mobilenet = defineArchitecture({
  name: "mobilenet",
  doc: "inverted residuals: 1x1 expansion, 3x3 depthwise convolution, 1x1 projection, ReLU6 between; few parameters",
  options: Type.Object({
    widthMultiplier: Type.Number({
      minimum: 0.1,
      maximum: 4,
      default: 1,
      description: "factor on every width, rounded to a multiple of 8",
    }),
    stemWidth: Type.Integer({ ...width, default: 32, description: "filters of the first convolution" }),
    stemStride: stemStride(2, "stride of the first convolution"),
    stages: Type.Array(stageSchema, {
      minItems: 1,
      default: [
        { expansion: 1, width: 16, repeat: 1, stride: 1 },
        { expansion: 4, width: 24, repeat: 2, stride: 2 },
        { expansion: 4, width: 40, repeat: 3, stride: 2 },
        { expansion: 4, width: 80, repeat: 3, stride: 2 },
      ],
      description: "the stages in order: expansion factor, filters, how many blocks, stride of the first block",
    }),
    headWidth: Type.Integer({
      minimum: 1,
      maximum: 8192,
      default: 320,
      description: "features before the dense layer",
    }),
    dropout: dropoutRate,
  }),
  minimumSide: ({ stemStride, stages }) => stages.reduce((side, { stride }) => side * stride, stemStride),
  build: (scope, pictures, classes, { widthMultiplier, stemWidth, stemStride, stages, headWidth, dropout: rate }) => {
    const scaled = (width: number) => multipleOf8(width * widthMultiplier);
    const stem = conv2d(scope, "stem", pictures, { filters: scaled(stemWidth), stride: stemStride });
    let x = relu6(batchNorm(scope, "stemNorm", stem));
    for (const [index, { expansion, width, repeat, stride }] of stages.entries()) {
      for (let block = 0; block < repeat; block++) {
        const inner = scope.within(`stage${index + 1}.block${block + 1}`);
        x = invertedResidual(inner, x, scaled(width), expansion, block === 0 ? stride : 1);
      }
    }
    x = relu6(batchNorm(scope, "topNorm", conv2d(scope, "top", x, { filters: scaled(headWidth), kernel: 1 })));
    x = dropout(scope, "dropout", globalAveragePool(x), rate);
    return dense(scope, "head", x, { units: classes, initializer: headNormal });
  },
});

function invertedResidual(scope: Scope, x: Value, filters: number, expansion: number, stride: number): Value {
  const channels = Number(x.type.shape[1]);
  const inner = channels * expansion;
  const expanded =
    expansion === 1
      ? x
      : relu6(batchNorm(scope, "expandNorm", conv2d(scope, "expand", x, { filters: inner, kernel: 1 })));
  const filtered = conv2d(scope, "depthwise", expanded, { filters: inner, stride, groups: inner });
  const active = relu6(batchNorm(scope, "depthwiseNorm", filtered));
  const projected = batchNorm(scope, "projectNorm", conv2d(scope, "project", active, { filters, kernel: 1 }));
  return stride === 1 && channels === filters ? add(x, projected) : projected;
}

/**
 * The nearest multiple of 8, never below 8 nor more than a tenth below what was asked: blocked
 * kernels like whole blocks.
 */
export function multipleOf8(width: number): number {
  const rounded = Math.max(8, Math.floor(width / 8 + 0.5) * 8);
  return rounded < 0.9 * width ? rounded + 8 : rounded;
}
