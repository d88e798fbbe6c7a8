import { describe, expect, it } from "vitest";
import { gradients } from "./autodiff.ts";
import { gemm } from "./ops/linear.ts";
import { dequantizeLinear, quantizeLinear } from "./ops/quantization.ts";
import { reduceSum } from "./ops/reduction.ts";
import { evaluateReference } from "./reference-evaluation.ts";
import { float32 } from "./tensor-type.ts";
import { constant, graph, input, nodesOf, scalar } from "./value.ts";
import { withoutQuantization } from "./without-quantization.ts";

const zeroPoint = (value: number) => constant({ dtype: "uint8", shape: [], data: Uint8Array.of(value) });
const weight = dequantizeLinear(
  constant({ dtype: "int8", shape: [2, 2], data: Int8Array.of(64, -32, 10, 20) }),
  constant(float32([2], [0.5, 0.25])),
  undefined,
  { axis: 1 },
);

describe("a quantised graph without quantisation", () => {
  const x = input("x", "float32", [3, 2]);
  const held = quantizeLinear(x, scalar(0.5), zeroPoint(10));
  const twice = [0, 1].map(() => dequantizeLinear(held, scalar(0.5), zeroPoint(10)));
  const source = graph("net", [x], { y: gemm(twice[0]!, weight), limited: twice[1]! });
  const floats = withoutQuantization(source);

  it("has the weights as floats, and the range of an activation as its limits, once for all who take it", () => {
    expect(nodesOf(Object.values(floats.outputs)).map(({ op }) => op.name)).toEqual(["Clip", "Gemm"]);
    // Steps of 0.5 from -5 to 122.5: these are such, or beyond.
    const feeds = { x: { dtype: "float32" as const, shape: [3, 2], data: Float64Array.of(1.5, -2, -9, 300, 0, 0.5) } };
    expect(evaluateReference(floats, feeds)).toEqual(evaluateReference(source, feeds));
  });

  it("has gradients, which the quantised graph has not", () => {
    expect(() => gradients(reduceSum(source.outputs.y!), [x])).toThrow();
    expect(gradients(reduceSum(floats.outputs.y!), [x])).toHaveLength(1);
  });

  it("keeps what has several scales for activations, and a graph without any", () => {
    const scales = constant(float32([2], [0.5, 0.25]));
    const zeros = constant({ dtype: "uint8", shape: [2], data: new Uint8Array(2) });
    const axis = { axis: 1 };
    const several = graph("net", [x], {
      y: dequantizeLinear(quantizeLinear(x, scales, zeros, axis), scales, zeros, axis),
    });
    expect(nodesOf(Object.values(withoutQuantization(several).outputs))).toHaveLength(2);
    const plain = graph("net", [x], { y: gemm(x, constant(float32([2, 2], [1, 2, 3, 4]))) });
    expect(withoutQuantization(plain).outputs.y).toBe(plain.outputs.y);
  });
});
