import { describe, expect, it } from "vitest";
import { randomTensor } from "../../../tests/support/op-samples.ts";
import { expandComposites } from "../lower.ts";
import { evaluateReference } from "../reference-evaluation.ts";
import { graph, input, type Value } from "../value.ts";
import {
  argMax,
  averagePool,
  averagePoolGradient,
  batchNormalization,
  batchNormTraining,
  cast,
  concat,
  conv,
  convInputGradient,
  convWeightGradient,
  flatten,
  gelu,
  gemm,
  globalAveragePool,
  matMul,
  maxPool,
  maxPoolGradient,
  mul,
  pad,
  reduceMean,
  reduceSum,
  relu6,
  reshape,
  resizeNearest,
  softmax,
  softmaxCrossEntropy,
  transpose,
} from "./table.ts";

const x = input("x", "float32", ["N", 4, 6, 6]);
const dy = input("dy", "float32", ["N", 4, 4, 4]);
const [w, grouped] = [input("w", "float32", [4, 4, 3, 3]), input("grouped", "float32", [4, 2, 3, 3])];
const c = input("c", "float32", [4]);
const rows = reshape(globalAveragePool(x), ["N", 4]);

/** Graphs over a batch of unknown size N, with the shape that is inferred. */
const cases: readonly [name: string, y: Value, shape: readonly (number | string)[]][] = [
  ["conv", conv(x, w, c, { pads: [1, 1, 1, 1] }), ["N", 4, 6, 6]],
  ["pooling", maxPool(averagePool(x, { kernel: [2, 2] }), { kernel: [3, 3] }), ["N", 4, 1, 1]],
  ["activations and batch norm", gelu(relu6(batchNormalization(x, c, c, c, mul(c, c)))), ["N", 4, 6, 6]],
  ["batch norm in training", batchNormTraining(x, c, c).y, ["N", 4, 6, 6]],
  ["flatten", flatten(x), ["N", 144]],
  ["reshape to -1", reshape(x, [-1, 36]), ["4*N", 36]],
  ["reshape there and back", reshape(reshape(x, ["4*N", 36]), ["N", 4, 36]), ["N", 4, 36]],
  ["transpose and pad", pad(transpose(x, [0, 2, 3, 1]), [0, 1, 0, 0, 0, 0, 1, 0]), ["N", 7, 7, 4]],
  ["concat and resize", resizeNearest(concat([x, x], 1), { scales: [2, 1] }), ["N", 8, 12, 6]],
  ["dense", gemm(rows, c2(), undefined, { transB: true }), ["N", 3]],
  ["batched products", matMul(reshape(x, ["N", 4, 36]), reshape(x, ["N", 36, 4])), ["N", 4, 4]],
  ["reductions", reduceSum(reduceMean(x, { axes: [2, 3], keepdims: true }), { axes: [1] }), ["N", 1, 1]],
  ["softmax", mul(softmax(rows), cast(argMax(rows, { axis: 1, keepdims: true }), "float32")), ["N", 4]],
  ["loss", softmaxCrossEntropy(rows, softmax(rows)), []],
  ["conv's input gradient", convInputGradient(dy, w, { inputShape: ["N", 4, 6, 6] }), ["N", 4, 6, 6]],
  ["conv's weight gradient", convWeightGradient(x, dy, { kernelShape: [3, 3] }), [4, 4, 3, 3]],
  ["grouped conv", conv(x, grouped, undefined, { group: 2 }), ["N", 4, 4, 4]],
  ["grouped weight gradient", convWeightGradient(x, dy, { kernelShape: [3, 3], group: 2 }), [4, 2, 3, 3]],
  ["max pool's gradient", maxPoolGradient(maxPool(x, overlap()), x, maxPool(x, overlap()), overlap()), ["N", 4, 6, 6]],
  ["average pool's gradient", averagePoolGradient(dy, { ...overlap(), inputShape: ["N", 4, 6, 6] }), ["N", 4, 6, 6]],
];

function c2(): Value {
  return input("dense", "float32", [3, 4]);
}

function overlap() {
  return { kernel: [3, 3], strides: [1, 1] };
}

describe("a batch of unknown size stays N through", () => {
  it.each(cases)("%s", (name, y, shape) => {
    expect(y.type.shape).toEqual(shape);
    const inputs = inputsOf(y);
    for (const source of [graph(name, inputs, { y }), expandComposites(graph(name, inputs, { y }))]) {
      expect(source.outputs.y?.type.shape).toEqual(shape);
      for (const batch of [1, 3]) {
        const size = (dim: number | string) => (typeof dim === "number" ? dim : dim === "4*N" ? 4 * batch : batch);
        const feeds = Object.fromEntries(
          inputs.map(({ producer, type }) => {
            const key = producer.kind === "input" ? producer.name : "";
            return [key, randomTensor({ shape: type.shape.map(size) }, key)];
          }),
        );
        expect(evaluateReference(source, feeds).y?.shape).toEqual(shape.map(size));
      }
    }
  });
});

function inputsOf(y: Value): readonly Value[] {
  const found = new Set<Value>();
  const seen = new Set<Value>();
  const visit = (value: Value | undefined) => {
    if (!value || seen.has(value)) return;
    seen.add(value);
    if (value.producer.kind === "input") found.add(value);
    if (value.producer.kind === "node") value.producer.inputs.forEach(visit);
  };
  visit(y);
  return [...found];
}
