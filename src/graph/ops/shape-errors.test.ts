import { describe, expect, it } from "vitest";
import { AppError } from "../../base/errors.ts";
import type { Dim, DType } from "../tensor-type.ts";
import { input, type Value } from "../value.ts";
import {
  add,
  averagePoolGradient,
  batchNormalization,
  batchNormTraining,
  clip,
  concat,
  conv,
  convInputGradient,
  convTranspose,
  convWeightGradient,
  correctCount,
  dequantizeLinear,
  dropout,
  expandTo,
  gather,
  gemm,
  matMul,
  maxPool,
  maxPoolGradient,
  oneHot,
  pad,
  quantizeLinear,
  reduceSum,
  reluGradient,
  reshape,
  resizeNearest,
  slice,
  softmax,
  softmaxCrossEntropy,
  split,
  sumTo,
  transpose,
} from "./table.ts";

const t = (shape: readonly Dim[], dtype: DType = "float32"): Value => input("t", dtype, shape);
const picture = t([8, 3, 32, 32]);

/** What the builder functions say about tensors that do not fit: the constraint, then what came. */
const cases: readonly [message: string, build: () => unknown][] = [
  [
    "GRAPH_SHAPE: Expected shapes that broadcast: dims equal or 1, aligned at the last axis for Add; got float32 [2,3] and float32 [2]",
    () => add(t([2, 3]), t([2])),
  ],
  [
    "GRAPH_SHAPE: Expected shapes that broadcast: dims equal or 1, aligned at the last axis for Add; got float32 [N] and float32 [8]",
    () => add(t(["N"]), t([8])),
  ],
  ["GRAPH_DTYPE: Expected b of a's type float32 for Add; got int32 [2]", () => add(t([2]), t([2], "int32"))],
  ["GRAPH_DTYPE: Expected x of type float32 for Softmax; got uint8 [2]", () => softmax(t([2], "uint8"))],
  ["GRAPH_ATTRIBUTE: Expected an axis in [-1, 1) for Softmax; got 3", () => softmax(t([2]), 3)],
  [
    "GRAPH_SHAPE: Expected weight channels = input channels / groups for Conv; got float32 [8,3,32,32] and float32 [16,4,3,3]",
    () => conv(picture, t([16, 4, 3, 3])),
  ],
  [
    "GRAPH_SHAPE: Expected weight channels = input channels / groups (group 3) for Conv; got float32 [8,3,32,32] and float32 [16,3,3,3]",
    () => conv(picture, t([16, 3, 3, 3]), undefined, { group: 3 }),
  ],
  [
    "GRAPH_SHAPE: Expected output channels that are a multiple of the groups (group 3) for Conv; got float32 [8,3,32,32] and float32 [16,1,3,3]",
    () => conv(picture, t([16, 1, 3, 3]), undefined, { group: 3 }),
  ],
  [
    "GRAPH_SHAPE: Expected one bias for each output channel for Conv; got float32 [16,3,3,3] and float32 [3]",
    () => conv(picture, t([16, 3, 3, 3]), t([3])),
  ],
  ["GRAPH_SHAPE: Expected x with 4 axes for Conv; got float32 [3,32,32]", () => conv(t([3, 32, 32]), t([16, 3, 3, 3]))],
  [
    "GRAPH_SHAPE: Expected a window no larger than the padded picture (kernel 5x5, dilations 2,2, pads 1,1,1,1) for Conv; got float32 [1,1,6,6]",
    () => conv(t([1, 1, 6, 6]), t([1, 1, 5, 5]), undefined, { pads: [1, 1, 1, 1], dilations: [2, 2] }),
  ],
  [
    "GRAPH_SHAPE: Expected a fixed height and width for Conv; got float32 [1,1,H,6]",
    () => conv(t([1, 1, "H", 6]), t([1, 1, 3, 3])),
  ],
  [
    "GRAPH_ATTRIBUTE: Expected strides = 2 whole numbers >= 1 for Conv; got [0,1]",
    () => conv(picture, t([16, 3, 3, 3]), undefined, { strides: [0, 1] }),
  ],
  [
    "GRAPH_ATTRIBUTE: Expected pads = 4 whole numbers >= 0 for Conv; got [1,1]",
    () => conv(picture, t([16, 3, 3, 3]), undefined, { pads: [1, 1] }),
  ],
  [
    "GRAPH_ATTRIBUTE: Expected group = a whole number >= 1 for Conv; got 0",
    () => conv(picture, t([16, 3, 3, 3]), undefined, { group: 0 }),
  ],
  [
    "GRAPH_SHAPE: Expected x's channels = w's first dim for ConvTranspose; got float32 [8,3,32,32] and float32 [4,3,3,3]",
    () => convTranspose(picture, t([4, 3, 3, 3])),
  ],
  [
    "GRAPH_SHAPE: Expected dy of the shape that Conv gives for a 9x9 picture (kernel 3x3, strides 1,1, pads 0,0,0,0, dilations 1,1) for ConvInputGradient; got float32 [8,3,32,32] and float32 [3,2,3,3]",
    () => convInputGradient(picture, t([3, 2, 3, 3]), { inputShape: [8, 2, 9, 9] }),
  ],
  [
    "GRAPH_SHAPE: Expected dy of the shape that Conv gives for a 32x32 picture (kernel 3x3, strides 1,1, pads 0,0,0,0, dilations 1,1) for ConvWeightGradient; got float32 [7,4,30,30] and float32 [8,3,32,32]",
    () => convWeightGradient(picture, t([7, 4, 30, 30]), { kernelShape: [3, 3] }),
  ],
  [
    "GRAPH_ATTRIBUTE: Expected pads smaller than the kernel 2x2 for MaxPool; got [2,0,0,0]",
    () => maxPool(picture, { kernel: [2, 2], pads: [2, 0, 0, 0] }),
  ],
  [
    "GRAPH_SHAPE: Expected dy and y of the shape that MaxPool gives for x for MaxPoolGradient; got float32 [8,3,32,32] and float32 [8,3,32,32] and float32 [8,3,16,16]",
    () => maxPoolGradient(picture, picture, t([8, 3, 16, 16]), { kernel: [2, 2] }),
  ],
  [
    "GRAPH_SHAPE: Expected dy of the shape that AveragePool gives for x for AveragePoolGradient; got float32 [8,3,32,32] and float32 [8,3,32,32]",
    () => averagePoolGradient(picture, { kernel: [2, 2], inputShape: [8, 3, 32, 32] }),
  ],
  [
    "GRAPH_SHAPE: Expected matrices where a's last dim = b's second to last for MatMul; got float32 [2,3] and float32 [2,3]",
    () => matMul(t([2, 3]), t([2, 3])),
  ],
  [
    "GRAPH_SHAPE: Expected a's columns = b's rows (transA off, transB on) for Gemm; got float32 [2,3] and float32 [3,2]",
    () => gemm(t([2, 3]), t([3, 2]), undefined, { transB: true }),
  ],
  [
    "GRAPH_SHAPE: Expected c that repeats to y for Gemm; got float32 [2,4] and float32 [3,2,4]",
    () => gemm(t([2, 3]), t([3, 4]), t([3, 2, 4])),
  ],
  [
    "GRAPH_SHAPE: Expected a shape with as many elements as the input, at most one -1 (asked for [4,-1]) for Reshape; got float32 [2,3]",
    () => reshape(t([2, 3]), [4, -1]),
  ],
  [
    "GRAPH_SHAPE: Expected a shape with as many elements as the input, at most one -1 (asked for [-1,-1]) for Reshape; got float32 [2,3]",
    () => reshape(t([2, 3]), [-1, -1]),
  ],
  [
    "GRAPH_ATTRIBUTE: Expected perm = each of the axes 0 to 2 once for Transpose; got [0,1,1]",
    () => transpose(t([1, 2, 3]), [0, 1, 1]),
  ],
  [
    "GRAPH_SHAPE: Expected a value that repeats to [2,2] for expandTo; got float32 [3,2,2]",
    () => expandTo(t([3, 2, 2]), [2, 2]),
  ],
  [
    "GRAPH_SHAPE: Expected a value to whose shape [4] broadcasts for sumTo; got float32 [2,3]",
    () => sumTo(t([2, 3]), [4]),
  ],
  [
    "GRAPH_ATTRIBUTE: Expected pads = 4 whole numbers >= 0, for 2 axes before and after for Pad; got [0,0,-1,0]",
    () => pad(t([2, 3]), [0, 0, -1, 0]),
  ],
  [
    "GRAPH_SHAPE: Expected at least one index of axis 1 (2 to 1) for Slice; got float32 [2,3]",
    () => slice(t([2, 3]), { starts: [2], ends: [1], axes: [1] }),
  ],
  [
    "GRAPH_SHAPE: Expected a fixed size of axis 0 for Slice; got float32 [N,3]",
    () => slice(t(["N", 3]), { starts: [0], ends: [1] }),
  ],
  [
    "GRAPH_SHAPE: Expected inputs alike but for axis 0 for Concat; got float32 [2,3] and float32 [2,4]",
    () => concat([t([2, 3]), t([2, 4])], 0),
  ],
  [
    "GRAPH_SHAPE: Expected positive sizes that add up to axis 1 (sizes [1,3]) for Split; got float32 [2,3]",
    () => split(t([2, 3]), [1, 3], 1),
  ],
  ["GRAPH_DTYPE: Expected indices of type int32 or int64 for Gather; got float32 [2]", () => gather(t([2]), t([2]))],
  ["GRAPH_ATTRIBUTE: Expected depth >= 1 for OneHot; got 0", () => oneHot(t([2], "int64"), 0)],
  [
    "GRAPH_ATTRIBUTE: Expected scales = [1, 1, rows, columns], whole numbers >= 1 for Resize; got [1,1,0.5,2]",
    () => resizeNearest(picture, { scales: [0.5, 2] }),
  ],
  ["GRAPH_ATTRIBUTE: Expected each axis once for ReduceSum; got [1,-1]", () => reduceSum(t([2, 3]), { axes: [1, -1] })],
  ["GRAPH_ATTRIBUTE: Expected min <= max for Clip; got [2,1]", () => clip(t([2]), { min: 2, max: 1 })],
  [
    "GRAPH_SHAPE: Expected dy and y of one shape for ReluGradient; got float32 [2] and float32 [3]",
    () => reluGradient(t([2]), t([3])),
  ],
  ["GRAPH_ATTRIBUTE: Expected a rate in [0, 1) for dropout; got 1", () => dropout(t([2]), t([2]), 1)],
  [
    "GRAPH_SHAPE: Expected x [N,C,...] and one number for each of its C channels for BatchNormalization; got float32 [8,3,32,32] and float32 [3] and float32 [4] and float32 [3] and float32 [3]",
    () => batchNormalization(picture, t([3]), t([4]), t([3]), t([3])),
  ],
  [
    "GRAPH_SHAPE: Expected scale with 1 axes for BatchNormTraining; got float32 [3,1,1]",
    () => batchNormTraining(picture, t([3, 1, 1]), t([3])),
  ],
  [
    "GRAPH_SHAPE: Expected logits [N,C] and targets [N] (indices) or [N,C] (probabilities) for softmaxCrossEntropy; got float32 [4,3] and int32 [5]",
    () => softmaxCrossEntropy(t([4, 3]), t([5], "int32")),
  ],
  [
    "GRAPH_DTYPE: Expected int32, int64 or float32 targets for softmaxCrossEntropy; got uint8",
    () => softmaxCrossEntropy(t([4, 3]), t([4], "uint8")),
  ],
  [
    "GRAPH_ATTRIBUTE: Expected 3 class weights for softmaxCrossEntropy; got [1,2]",
    () => softmaxCrossEntropy(t([4, 3]), t([4], "int32"), { classWeights: [1, 2] }),
  ],
  [
    "GRAPH_ATTRIBUTE: Expected labelSmoothing in [0, 1] for softmaxCrossEntropy; got 1.5",
    () => softmaxCrossEntropy(t([4, 3]), t([4], "int32"), { labelSmoothing: 1.5 }),
  ],
  [
    "GRAPH_SHAPE: Expected logits [N,C] and targets [N] (indices) or [N,C] (probabilities) for correctCount; got float32 [4] and int32 [4]",
    () => correctCount(t([4]), t([4], "int32")),
  ],
  [
    "GRAPH_SHAPE: Expected a scale [] or [3], one for each index of axis 1 for QuantizeLinear; got float32 [8,3,32,32] and float32 [4]",
    () => quantizeLinear(picture, t([4]), t([4], "uint8")),
  ],
  [
    "GRAPH_SHAPE: Expected a zero point for each scale for QuantizeLinear; got float32 [3] and uint8 []",
    () => quantizeLinear(picture, t([3]), t([], "uint8")),
  ],
  [
    "GRAPH_DTYPE: Expected zeroPoint of type uint8 or int8 for QuantizeLinear; got int32 []",
    () => quantizeLinear(picture, t([]), t([], "int32")),
  ],
  [
    "GRAPH_DTYPE: Expected zeroPoint of type uint8 for DequantizeLinear; got int8 []",
    () => dequantizeLinear(t([4], "uint8"), t([]), t([], "int8")),
  ],
  [
    "GRAPH_ATTRIBUTE: Expected an axis in [-2, 2) for DequantizeLinear; got 2",
    () => dequantizeLinear(t([4, 3], "int8"), t([3]), undefined, { axis: 2 }),
  ],
];

describe("an op that does not fit its inputs says", () => {
  it.each(cases)("%s", (message, build) => {
    let received = "nothing";
    try {
      build();
    } catch (error) {
      if (error instanceof AppError) received = `${error.code}: ${error.message}`;
    }
    expect(received).toBe(message);
  });
});
