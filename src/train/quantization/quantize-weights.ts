/** Weights and biases of a layer as integers, with their scales. */
import type { GraphNode } from "../../graph/op.ts";
import { dequantizeLinear } from "../../graph/ops/quantization.ts";
import { roundHalfToEven } from "../../graph/quantized-range.ts";
import { fixedShape, float32, sizeOf, type TensorData } from "../../graph/tensor-type.ts";
import { constant, type Value } from "../../graph/value.ts";

/**
 * The greatest weight. 64 steps to each side leave a bit unused: x86 processors without VNNI add two products of uint8 and
 * int8 in 16 bits, and 2 x 255 x 64 is the most that fits (ONNX Runtime calls it `reduce_range`). The same
 * bundle then gives the same answers on all of them.
 */
export const portableLevels = 64;

/** A bias beyond it could overflow the int32 that products are added up in. */
const largestBias = 2 ** 30;

/**
 * The inputs of a Conv, Gemm or MatMul that are weights, by their position, dequantised: int8, symmetric, a
 * scale for each output channel, and a bias in int32 of that scale times `inputStep`. Undefined for other ops.
 */
export function quantizeWeights(
  { op, inputs, attributes }: GraphNode,
  levels: number,
  inputStep: () => number,
): readonly (Value | undefined)[] | undefined {
  if (op.name !== "Conv" && op.name !== "Gemm" && op.name !== "MatMul") return undefined;
  const weight = tensorOf(inputs[1]);
  if (!weight) return undefined;
  const bias = tensorOf(inputs[2]);
  const axis = op.name === "Conv" || attributes.transB === 1 ? 0 : 1;
  const step = inputStep();
  const scales = weightScales(weight, axis, levels, bias, step);
  const quantizedWeight = integers("int8", weight, scales, axis, levels);
  const biasScales = scales.map((scale) => Math.fround(scale * step));
  return [
    undefined,
    dequantizeLinear(constant(quantizedWeight), vector(scales), zeros("int8", scales.length), { axis }),
    bias &&
      dequantizeLinear(constant(integers("int32", bias, biasScales, 0, 2 ** 31 - 1)), vector(biasScales), undefined, {
        axis: 0,
      }),
  ];
}

/** So that the greatest weight of a channel is `levels`, and its bias is in range, too. */
function weightScales(
  weight: TensorData,
  axis: number,
  levels: number,
  bias: TensorData | undefined,
  inputStep: number,
): number[] {
  const greatest = new Float64Array(weight.shape[axis]!);
  eachElement(weight, axis, (value, channel) => {
    greatest[channel] = Math.max(greatest[channel]!, Math.abs(value));
  });
  return Array.from(greatest, (most, channel) => {
    const forBias = Math.abs(Number(bias?.data[channel] ?? 0)) / (largestBias * inputStep);
    return Math.fround(Math.max(most / levels, forBias)) || 1;
  });
}

function integers(
  dtype: "int8" | "int32",
  tensor: TensorData,
  scales: readonly number[],
  axis: number,
  most: number,
): TensorData {
  const data = dtype === "int8" ? new Int8Array(tensor.data.length) : new Int32Array(tensor.data.length);
  eachElement(tensor, axis, (value, channel, at) => {
    data[at] = Math.min(most, Math.max(-most, roundHalfToEven(value / scales[channel]!)));
  });
  return { dtype, shape: tensor.shape, data };
}

function eachElement(
  { data, shape }: TensorData,
  axis: number,
  see: (value: number, channel: number, at: number) => void,
): void {
  const inner = sizeOf(fixedShape(shape).slice(axis + 1));
  const channels = shape[axis]!;
  for (let at = 0; at < data.length; at++) see(Number(data[at]), Math.floor(at / inner) % channels, at);
}

function tensorOf(value: Value | undefined): TensorData | undefined {
  return value?.producer.kind === "constant" ? value.producer.tensor : undefined;
}

function vector(numbers: readonly number[]): Value {
  return constant(float32([numbers.length], numbers));
}

function zeros(dtype: "int8", length: number): Value {
  return constant({ dtype, shape: [length], data: new Int8Array(length) });
}
