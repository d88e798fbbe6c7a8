/**
 * Float64 tensors of the reference executor: how op references walk, broadcast and combine them.
 */
import type { ReferenceTensor } from "./op.ts";
import { type DType, sizeOf, type TensorData } from "./tensor-type.ts";

/** Row-major strides, in elements. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** For every index of `shape` in row-major order, `start + sum(index * stride)`. */
export function offsetsOf(shape: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const offsets = new Int32Array(sizeOf(shape));
  let filled = 1;
  offsets[0] = start;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const stride = strides[axis] ?? 0;
    for (let at = 1; at < shape[axis]!; at++) {
      for (let k = 0; k < filled; k++) offsets[at * filled + k] = offsets[k]! + at * stride;
    }
    filled *= shape[axis]!;
  }
  return offsets;
}

/** Where each element of the shape `to` lies in a tensor of shape `from` that broadcasts to it. */
export function broadcastOffsets(from: readonly number[], to: readonly number[]): Int32Array {
  const own = stridesOf(from);
  const missing = to.length - from.length;
  return offsetsOf(
    to,
    to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : own[axis - missing]!)),
  );
}

export function broadcastShape(...shapes: readonly (readonly number[])[]): readonly number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return dims.find((dim) => dim !== 1) ?? 1;
  });
}

/** Reads elements by offset: a transposition, a slice, a broadcast. */
export function pick(x: ReferenceTensor, shape: readonly number[], offsets: Int32Array): ReferenceTensor {
  return { dtype: x.dtype, shape, data: Float64Array.from(offsets, (offset) => x.data[offset]!) };
}

export function mapTensor(x: ReferenceTensor, f: (value: number) => number, dtype: DType = x.dtype): ReferenceTensor {
  return { dtype, shape: x.shape, data: x.data.map(f) };
}

/** Combines two tensors element by element, with broadcasting. */
export function zipTensors(
  a: ReferenceTensor,
  b: ReferenceTensor,
  f: (a: number, b: number) => number,
  dtype: DType = a.dtype,
): ReferenceTensor {
  const shape = broadcastShape(a.shape, b.shape);
  const fromA = broadcastOffsets(a.shape, shape);
  const fromB = broadcastOffsets(b.shape, shape);
  return { dtype, shape, data: Float64Array.from(fromA, (at, i) => f(a.data[at]!, b.data[fromB[i]!]!)) };
}

/** A tensor of one value; float32 unless said otherwise. */
export function filled(shape: readonly number[], value = 0, dtype: DType = "float32"): ReferenceTensor {
  return { dtype, shape, data: new Float64Array(sizeOf(shape)).fill(value) };
}

export function toReference(tensor: TensorData): ReferenceTensor {
  return { dtype: tensor.dtype, shape: tensor.shape, data: Float64Array.from(tensor.data, Number) };
}

/** Rounds a reference tensor to its own dtype; writes into `into` where it is given. */
export function fromReference(tensor: ReferenceTensor, into: TensorData["data"] = allocate(tensor)): TensorData {
  if (into instanceof BigInt64Array) for (const [at, value] of tensor.data.entries()) into[at] = int64Of(value);
  else into.set(tensor.data);
  return { dtype: tensor.dtype, shape: tensor.shape, data: into };
}

/** The greatest int64, "to the end" in a slice, is 2^63 as a float64: one too many. */
function int64Of(value: number): bigint {
  const most = 2n ** 63n - 1n;
  const whole = BigInt(value);
  return whole > most ? most : whole;
}

function allocate({ dtype, data }: ReferenceTensor): TensorData["data"] {
  if (dtype === "float32") return new Float32Array(data.length);
  if (dtype === "int64") return new BigInt64Array(data.length);
  if (dtype === "int32") return new Int32Array(data.length);
  if (dtype === "int8") return new Int8Array(data.length);
  return new Uint8Array(data.length);
}
