import { describe, expect, it } from "vitest";
import { centralDifferences, excess, type Feeds, nameOf, randomTensor } from "../../tests/support/op-samples.ts";
import { isAppError } from "../base/errors.ts";
import { gradients } from "./autodiff.ts";
import {
  add,
  argMax,
  averagePool,
  batchNormTraining,
  cast,
  clip,
  concat,
  conv,
  div,
  dropout,
  expandTo,
  flatten,
  gemm,
  globalAveragePool,
  hardSwish,
  maxPool,
  maxPoolGradient,
  mul,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  relu6,
  reshape,
  silu,
  softmaxCrossEntropy,
  split,
  sub,
} from "./ops/table.ts";
import { evaluateReference } from "./reference-evaluation.ts";
import { float32 } from "./tensor-type.ts";
import { constant, graph, input, scalar, type Value } from "./value.ts";

const float = (name: string, ...shape: number[]) => input(name, "float32", shape);

/** Holds the gradient of a loss to central differences, for every float input that is fed. */
function expectExactGradient(loss: Value, inputs: readonly Value[], fixed: Feeds = {}): void {
  const drawn = inputs.map((value) => [
    nameOf(value),
    randomTensor({ shape: value.type.shape.map(Number) }, nameOf(value)),
  ]);
  const feeds: Feeds = { ...Object.fromEntries(drawn), ...fixed };
  const floats = inputs.filter(({ type }) => type.dtype === "float32");
  const found = gradients(loss, floats);
  const results = evaluateReference(
    graph("gradients", inputs, Object.fromEntries(found.map((value, at) => [`g${at}`, value]))),
    feeds,
  );
  const lossGraph = graph("loss", inputs, { loss });
  for (const [at, value] of floats.entries()) {
    expect(found[at]!.type).toEqual(value.type);
    const numeric = centralDifferences(
      (fed) => evaluateReference(lossGraph, fed).loss!.data[0]!,
      feeds,
      nameOf(value),
      1e-5,
    );
    // 1e-7: float64 rounding over the step, and constants of gradient rules that are float32.
    const over = excess(results[`g${at}`]!.data, numeric, { relative: 1e-6, absolute: 1e-7 });
    expect(over, nameOf(value)).toBeLessThanOrEqual(0);
  }
}

function codeOf(work: () => unknown): readonly [code: string, message: string] {
  try {
    work();
  } catch (error) {
    if (isAppError(error)) return [error.code, error.message];
  }
  return ["none", ""];
}

describe("gradients", () => {
  it("are exact through a net of conv, batch norm, relu, pooling, dense and loss", () => {
    const x = float("x", 3, 2, 6, 6);
    const w = float("w", 4, 2, 3, 3);
    const [scale, shift] = [float("scale", 4), float("shift", 4)];
    const [depthwise, bias] = [float("depthwise", 4, 1, 3, 3), float("bias", 4)];
    const [dense, offset] = [float("dense", 5, 16), float("offset", 5)];
    const targets = input("targets", "int32", [3]);
    const { y } = batchNormTraining(conv(x, w, undefined, { pads: [1, 1, 1, 1] }), scale, shift);
    const features = conv(relu(maxPool(y, { kernel: [2, 2] })), depthwise, bias, { group: 4, pads: [0, 0, 1, 1] });
    const logits = gemm(flatten(features), dense, offset, { transB: true });
    const loss = softmaxCrossEntropy(logits, targets, { labelSmoothing: 0.1, classWeights: [1, 2, 0.5, 1, 3] });
    expectExactGradient(loss, [x, w, scale, shift, depthwise, bias, dense, offset, targets], {
      targets: { dtype: "int32", shape: [3], data: Float64Array.of(4, 0, 2) },
    });
  });

  it("are exact through a residual block with overlapping pools and smooth activations", () => {
    const x = float("x", 2, 3, 7, 7);
    const [w, mask] = [float("w", 3, 3, 3, 3), float("mask", 2, 3, 4, 4)];
    const strided = silu(conv(x, w, undefined, { strides: [2, 2], pads: [1, 1, 1, 1] }));
    const pooled = maxPool(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
    const averaged = averagePool(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
    const joined = concat([dropout(add(strided, pooled), mask, 0.25), hardSwish(averaged)], 1);
    const [first] = split(joined, [4, 2], 1);
    expectExactGradient(reduceSum(mul(globalAveragePool(joined), add(globalAveragePool(joined), scalar(1)))), [
      x,
      w,
      mask,
    ]);
    expectExactGradient(reduceMean(relu6(first!)), [x, w, mask]);
  });

  it("sum over the axes that broadcasting had spread", () => {
    const [a, b, c, d] = [float("a", 2, 3, 4), float("b", 3, 1), float("c", 1, 1, 4), float("d")];
    const y = div(mul(add(a, b), sub(c, d)), add(mul(b, b), scalar(2)));
    expectExactGradient(reduceSum(mul(y, y)), [a, b, c, d]);
  });

  it("add up over several uses of one value", () => {
    const x = float("x", 3);
    const square = mul(x, x);
    expectExactGradient(reduceSum(mul(square, add(square, x))), [x]);
  });

  it("reach through the mean and variance that batch normalization gives", () => {
    const x = float("x", 4, 2, 2, 1);
    const ones = constant(float32([2], [1, 1]));
    const { mean, variance } = batchNormTraining(x, ones, ones);
    expectExactGradient(reduceSum(mul(mean, add(variance, mean))), [x]);
  });

  it("have the target's shape even where the loss is the target, or reshapes and expands it", () => {
    const [loss, row] = [float("loss"), float("row", 1, 3)];
    expectExactGradient(loss, [loss]);
    expectExactGradient(
      reduceSum(mul(expandTo(reshape(row, [3, 1]), [3, 4]), constant(float32([1, 4], [1, 2, 3, 4])))),
      [row],
    );
  });

  it("share a maximum evenly among equal elements", () => {
    const x = float("x", 1, 1, 4, 4);
    const feeds: Feeds = { x: { dtype: "float32", shape: [1, 1, 4, 4], data: new Float64Array(16).fill(3) } };
    const pools = [
      { kernel: [2, 2] },
      { kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] },
      { kernel: [2, 2], strides: [1, 1] },
    ];
    for (const pool of pools) {
      const y = maxPool(x, pool);
      const [dx] = gradients(reduceSum(y), [x]);
      const sum = evaluateReference(graph("ties", [x], { sum: reduceSum(dx!) }), feeds).sum!.data[0];
      expect(sum).toBeCloseTo(
        y.type.shape.reduce<number>((product, dim) => product * Number(dim), 1),
        6,
      );
      expect(maxPoolGradient(y, x, y, pool).type).toEqual(x.type);
    }
    const [dx] = gradients(reduceMax(x), [x]);
    expect([...evaluateReference(graph("ties", [x], { dx: dx! }), feeds).dx!.data]).toEqual(new Array(16).fill(1 / 16));
  });

  it("are zero for relu at 0 and for clip at its bounds", () => {
    const x = float("x", 4);
    const feeds: Feeds = { x: { dtype: "float32", shape: [4], data: Float64Array.of(-0.25, 0, 0.75, 5) } };
    const of = (y: Value) => [
      ...evaluateReference(graph("kinks", [x], { dx: gradients(reduceSum(y), [x])[0]! }), feeds).dx!.data,
    ];
    expect(of(relu(x))).toEqual([0, 0, 1, 1]);
    expect(of(clip(x, { min: -0.25, max: 0.75 }))).toEqual([0, 1, 0, 0]);
    expect(of(clip(x, { min: 0, max: 5 }))).toEqual([0, 0, 1, 0]);
  });

  it("refuse a loss that is no scalar, one that does not depend on the target, and ops without gradient", () => {
    const [x, other] = [float("x", 2, 3), float("other", 1)];
    expect(codeOf(() => gradients(x, [x]))).toEqual(["GRAPH_SHAPE", "a loss is a scalar; got [2,3]"]);
    expect(codeOf(() => gradients(reduceSum(x), [other]))).toEqual([
      "GRAPH_NOT_DIFFERENTIABLE",
      "the loss depends on input 'other'; got no path",
    ]);
    const counted = reduceSum(cast(argMax(x, { axis: 1 }), "float32"));
    expect(codeOf(() => gradients(counted, [x]))[0]).toBe("GRAPH_NOT_DIFFERENTIABLE");
    const picture = float("picture", 1, 1, 4, 4);
    const [dx] = gradients(reduceSum(maxPool(mul(picture, picture), { kernel: [2, 2] })), [picture]);
    expect(codeOf(() => gradients(reduceSum(dx!), [picture]))[1]).toMatch(/^MaxPoolGradient has a gradient; got /);
  });
});
