import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import * as ops from "../../graph/ops/table.ts";
import { evaluateReference } from "../../graph/reference-evaluation.ts";
import { float32 } from "../../graph/tensor-type.ts";
import { constant, type Graph, graph, input, nodesOf, scalar, type Value } from "../../graph/value.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { insertQuantization } from "./insert-quantization.ts";
import { placeQuantization } from "./placement.ts";
import { prepareGraph } from "./prepare-graph.ts";
import { portableLevels } from "./quantize-weights.ts";

const random = createRandom("quantise");
const drawn = (shape: readonly number[], scale = 1) =>
  float32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * (2 * random.next() - 1)),
  );
const weights = (...shape: readonly number[]): Value => constant(drawn(shape, 0.5));
const x = input("x", "float32", ["N", 3, 8, 8]);
const conv = (of: Value, filters: number): Value =>
  ops.conv(of, weights(filters, Number(of.type.shape[1]), 3, 3), weights(filters), { pads: [1, 1, 1, 1] });

const everything = { keepsFirst: false, keepsLast: false };
const picture = { dtype: "float32" as const, shape: [2, 3, 8, 8], data: Float64Array.from(drawn([384]).data, Number) };

/** The quantised form, with ranges from the reference evaluation of one picture. */
function quantized(source: Graph, options = everything, levels = portableLevels): Graph {
  const prepared = prepareGraph(source);
  const placement = placeQuantization(prepared, options);
  const measured = [...new Set([...placement.values.values()].map(({ rangeOf }) => rangeOf))];
  const outputs = Object.fromEntries(measured.map((value, at) => [`v${at}`, value]));
  const seen = evaluateReference(graph("seen", source.inputs, outputs), { x: picture });
  const ranges = new Map(
    measured.map((value, at) => {
      const { data } = seen[`v${at}`]!;
      return [value, { low: Math.min(0, ...data), high: Math.max(0, ...data) }];
    }),
  );
  return insertQuantization(prepared, placement, ranges, levels);
}

const opsOf = (of: Graph): readonly string[] => nodesOf(Object.values(of.outputs)).map(({ op }) => op.name);

function error(source: Graph, other: Graph): number {
  const [expected, found] = [source, other].map((of) => evaluateReference(of, { x: picture }).y!.data);
  const scale = Math.max(...expected!.map(Math.abs));
  return Math.max(...expected!.map((value, at) => Math.abs(value - found![at]!))) / scale;
}

describe("a quantised graph", () => {
  const residual = (): Graph => {
    const first = ops.relu(conv(x, 8));
    const sum = ops.relu(ops.add(first, conv(first, 8)));
    const pooled = ops.relu(ops.maxPool(conv(sum, 4), { kernel: [2, 2], strides: [2, 2] }));
    return graph("net", [x], { y: ops.gemm(ops.flatten(ops.globalAveragePool(pooled)), weights(4, 3), weights(3)) });
  };

  it("answers as the float one, to within steps of 8 bits, in the reference and in ONNX Runtime", async () => {
    const source = residual();
    const target = quantized(source);
    expect(error(source, target)).toBeLessThan(0.05);
    expect(error(source, quantized(source, everything, 127))).toBeLessThan(0.05);
    const program = await createOnnxRuntimeExecutor({ threads: 1 }).load(target);
    const feeds = { x: { ...picture, data: Float32Array.from(picture.data) } };
    const { y } = await program.run(feeds);
    await program.close();
    const { data } = evaluateReference(target, { x: picture }).y!;
    // A rounding to the other side moves an answer by a part of a step.
    for (const [at, value] of data.entries()) expect(Number(y!.data[at])).toBeCloseTo(value, 2);
  });

  it("leaves ReLU and Clip to the ranges, also those behind a max pooling", () => {
    expect(opsOf(quantized(residual()))).not.toContain("Relu");
    const limited = graph("net", [x], { y: conv(ops.clip(conv(x, 4), { min: 0, max: 6 }), 4) });
    expect(opsOf(quantized(limited))).not.toContain("Clip");
    expect(error(limited, quantized(limited))).toBeLessThan(0.05);
  });

  it("keeps a ReLU whose input someone else takes, and a Clip without zero", () => {
    const first = conv(x, 4);
    const shared = graph("net", [x], { y: ops.add(conv(ops.relu(first), 4), first) });
    expect(opsOf(quantized(shared))).toContain("Relu");
    const above = graph("net", [x], { y: conv(ops.clip(conv(x, 4), { min: 1, max: 6 }), 4) });
    expect(opsOf(quantized(above))).toContain("Clip");
    for (const source of [shared, above]) expect(error(source, quantized(source))).toBeLessThan(0.05);
  });

  it("folds batch normalisation into the convolution before it", () => {
    const normal = ops.batchNormalization(
      conv(x, 4),
      weights(4),
      weights(4),
      weights(4),
      constant(float32([4], [1, 2, 3, 4])),
    );
    const source = graph("net", [x], { y: conv(ops.relu(normal), 4) });
    expect(opsOf(quantized(source))).not.toContain("BatchNormalization");
    expect(error(source, quantized(source))).toBeLessThan(0.05);
  });

  it("leaves the first and the last layer in floats where it is asked to", () => {
    const source = residual();
    const countOf = (options: typeof everything): number => {
      const { quantizedLayers, layers } = placeQuantization(prepareGraph(source), options);
      return layers - quantizedLayers;
    };
    expect([countOf(everything), countOf({ keepsFirst: true, keepsLast: true })]).toEqual([0, 2]);
    const kept = quantized(source, { keepsFirst: true, keepsLast: true });
    expect(error(source, kept)).toBeLessThan(0.05);
    const gemm = nodesOf([kept.outputs.y!]).find(({ op }) => op.name === "Gemm")!;
    expect(gemm.inputs.map((value) => value!.producer.kind)).toEqual(["node", "constant", "constant"]);
  });

  it("keeps a bias beside weights that are all zero, or next to nothing", () => {
    const weight = drawn([4, 3, 3, 3]);
    for (let at = 0; at < 54; at++) weight.data[at] = at < 27 ? 0 : 1e-12;
    const bias = constant(float32([4], [3, -2, 0, 1]));
    const y = ops.conv(x, constant(weight), bias, { pads: [1, 1, 1, 1] });
    const source = graph("net", [x], { y });
    expect(error(source, quantized(source))).toBeLessThan(0.05);
  });

  it("leaves alone what it has no kernels for", () => {
    const scaled = ops.mul(ops.sigmoid(conv(x, 4)), scalar(3));
    const source = graph("net", [x], { y: conv(scaled, 4) });
    const target = quantized(source);
    expect(opsOf(target)).toEqual(expect.arrayContaining(["Sigmoid", "Mul"]));
    expect(error(source, target)).toBeLessThan(0.05);
  });
});
