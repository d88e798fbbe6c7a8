/**
 * Folding of batch normalisation into the convolution before it: one op less in every inference.
 */
import { AppError } from "../base/errors.ts";
import { findOp } from "../graph/op.ts";
import { sizeOf, type TensorData } from "../graph/tensor-type.ts";
import { apply1, constant, type Value } from "../graph/value.ts";

export interface NormParameters {
  /** All `[C]`. */
  readonly scale: Value;
  readonly bias: Value;
  readonly mean: Value;
  readonly variance: Value;
  readonly epsilon: number;
}

/**
 * The same function as a batch normalisation of `x`, as one convolution, where `x` comes from a
 * convolution with constant weights and the norm's parameters are constant; `undefined` where they
 * are not. norm(W x + b) = (f W) x + (b - mean) f + bias with f = scale / sqrt(variance + epsilon),
 * worked out in float64.
 */
export function foldIntoConvolution(x: Value, norm: NormParameters): Value | undefined {
  const node = x.producer;
  if (node.kind !== "node" || node.op !== findOp("Conv")) return undefined;
  const weight = constantOf(node.inputs[1]);
  const oldBias = node.inputs[2] === undefined ? undefined : constantOf(node.inputs[2]);
  const [scale, bias, mean, variance] = [norm.scale, norm.bias, norm.mean, norm.variance].map(constantOf);
  if (!weight || !scale || !bias || !mean || !variance || (node.inputs[2] && !oldBias)) return undefined;

  const [filters = 0, ...rest] = weight.shape;
  const perFilter = sizeOf(rest);
  const foldedWeight = new Float32Array(weight.data.length);
  const foldedBias = new Float32Array(filters);
  for (let filter = 0; filter < filters; filter++) {
    const factor = at(scale, filter) / Math.sqrt(at(variance, filter) + norm.epsilon);
    const offset = oldBias ? at(oldBias, filter) : 0;
    foldedBias[filter] = (offset - at(mean, filter)) * factor + at(bias, filter);
    for (let tap = filter * perFilter; tap < (filter + 1) * perFilter; tap++) {
      foldedWeight[tap] = at(weight, tap) * factor;
    }
  }
  const folded = [
    node.inputs[0],
    constant({ dtype: "float32", shape: weight.shape, data: foldedWeight }),
    constant({ dtype: "float32", shape: [filters], data: foldedBias }),
  ];
  return apply1(node.op, folded, node.attributes);
}

function constantOf(value: Value | undefined): TensorData | undefined {
  return value?.producer.kind === "constant" ? value.producer.tensor : undefined;
}

function at(tensor: TensorData, index: number): number {
  const element = tensor.data[index];
  if (typeof element === "number") return element;
  throw new AppError("INTERNAL", { required: "a float32 parameter", received: tensor.dtype });
}
