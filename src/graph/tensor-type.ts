/** Data types and shapes of the tensors that flow through a graph. */
import { AppError } from "../base/errors.ts";

/** The ONNX element types that Pawprint's graphs use. */
export const dtypes = ["float32", "uint8", "int8", "int32", "int64", "bool"] as const;
/** The element types that graphs compute with. */
export type DType = (typeof dtypes)[number];

/** The numbers by which ONNX names its element types. */
export const elementTypes: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
};

export function dtypeOfElementType(code: number): DType | undefined {
  return dtypes.find((dtype) => elementTypes[dtype] === code);
}

/** One axis: a fixed size, or the name of a size that is only known when the graph runs ("N"). */
export type Dim = number | string;
/** The dimensions of a tensor, outermost first. */
export type Shape = readonly Dim[];

/**
 * The type of a graph's value. "unknown" occurs only on outputs of imported ops whose model does
 * not declare them; their shape is unknown too, and only imported ops take them.
 */
export interface TensorType {
  readonly dtype: DType | "unknown";
  readonly shape: Shape;
}

export const unknownType: TensorType = { dtype: "unknown", shape: [] };

/**
 * Numbers known while the graph is built. `int64` is held as BigInt64Array, `bool` as Uint8Array of
 * 0 and 1.
 */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;
}

/** `float32 [N,3,32,32]`, as it stands in error messages. */
export function formatType(type: TensorType): string {
  return type.dtype === "unknown" ? "an unknown type" : `${type.dtype} ${formatShape(type.shape)}`;
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** The number of elements of a fixed shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

export function isStatic(shape: Shape): shape is readonly number[] {
  return shape.every((dim) => typeof dim === "number");
}

/** A shape whose sizes are all known. Errors: INTERNAL where one is symbolic. */
export function fixedShape(shape: Shape): readonly number[] {
  if (isStatic(shape)) return shape;
  throw new AppError("INTERNAL", { required: "a fixed shape", received: formatShape(shape) });
}

/** A float32 tensor of the given shape from plain numbers. */
export function float32(shape: readonly number[], values: ArrayLike<number>): TensorData {
  return { dtype: "float32", shape, data: Float32Array.from(values) };
}

/** An int64 vector, the form in which ONNX takes shapes, axes and pads. */
export function int64Vector(values: readonly number[]): TensorData {
  return { dtype: "int64", shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}
