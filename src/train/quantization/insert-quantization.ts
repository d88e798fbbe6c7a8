/** The quantised form of a float graph: QuantizeLinear and DequantizeLinear around what computes with 8 bits. */
import { AppError } from "../../base/errors.ts";
import type { GraphNode } from "../../graph/op.ts";
import { dequantizeLinear, quantizeLinear } from "../../graph/ops/quantization.ts";
import { roundHalfToEven } from "../../graph/quantized-range.ts";
import { float32, type TensorData } from "../../graph/tensor-type.ts";
import { apply, constant, type Graph, graph as graphOf, nodesOf, type Value } from "../../graph/value.ts";
import type { ActivationRange } from "./activation-range.ts";
import type { Placement } from "./placement.ts";
import { quantizeWeights } from "./quantize-weights.ts";

/** How activations of one tensor become uint8: `real = (quantized - zeroPoint) scale`. */
interface ActivationCode {
  readonly scale: Value;
  readonly zeroPoint: Value;
  readonly step: number;
}

/**
 * The graph with 8 bits where `placement` says: activations uint8 with a zero point, one scale for a tensor; weights int8
 * without one, a scale for each output channel; biases int32 at the product of both scales. Between
 * the ops stands float32, in the form (QDQ) from which ONNX Runtime makes kernels of 8 bits when it loads
 * it, and which any other runtime computes as it stands. `weightLevels` is the greatest weight.
 */
export function insertQuantization(
  source: Graph,
  { nodes, limits, values }: Placement,
  ranges: ReadonlyMap<Value, ActivationRange>,
  weightLevels: number,
): Graph {
  const floats = new Map<Value, Value>();
  const held = new Map<Value, Value>();
  const codes = new Map<Value, ActivationCode>();
  const codeOf = (value: Value): ActivationCode => {
    const place = values.get(value);
    const range = place && ranges.get(place.rangeOf);
    if (!place || !range) throw new AppError("INTERNAL", { required: "a range of each value that is quantised" });
    const known = codes.get(place.rangeOf);
    if (known) return known;
    const code = activationCode({ low: Math.max(range.low, place.low), high: Math.min(range.high, place.high) });
    codes.set(place.rangeOf, code);
    return code;
  };
  const now = (value: Value): Value => floats.get(value) ?? value;
  /** Each use has its own node, as ONNX Runtime wants it. */
  const restored = (value: Value): Value => {
    const { scale, zeroPoint } = codeOf(value);
    const quantized = held.get(value) ?? quantizeLinear(now(value), scale, zeroPoint);
    held.set(value, quantized);
    return dequantizeLinear(quantized, scale, zeroPoint);
  };
  const inputsOf = (node: GraphNode): readonly (Value | undefined)[] => {
    if (!nodes.has(node)) return node.inputs.map((value) => value && now(value));
    const weighted = quantizeWeights(node, weightLevels, () => codeOf(node.inputs[0]!).step);
    return node.inputs.map(
      (value, at) => weighted?.[at] ?? (value && (values.has(value) ? restored(value) : now(value))),
    );
  };
  for (const node of nodesOf(Object.values(source.outputs))) {
    const inputs = inputsOf(node);
    // The range of what follows has the limits of this ReLU or Clip.
    const outputs = limits.has(node) ? [inputs[0]!] : apply(node.op, inputs, node.attributes);
    for (const [index, output] of node.outputs.entries()) {
      floats.set(output, outputs[index]!);
      // What 8 bits computed is rounded to them for everyone who reads it.
      if ((nodes.has(node) || limits.has(node)) && values.has(output)) floats.set(output, restored(output));
    }
  }
  const outputs = Object.entries(source.outputs).map(([name, value]) => [name, now(value)] as const);
  return graphOf(source.name, source.inputs, Object.fromEntries(outputs));
}

/** Zero is one of the steps; a range without width has the step of 1. */
function activationCode({ low, high }: ActivationRange): ActivationCode {
  const step = Math.fround((high - low) / 255) || 1;
  const zeroPoint = Math.min(255, Math.max(0, roundHalfToEven(-low / step)));
  const zero: TensorData = { dtype: "uint8", shape: [], data: Uint8Array.of(zeroPoint) };
  return { scale: constant(float32([], [step])), zeroPoint: constant(zero), step };
}
