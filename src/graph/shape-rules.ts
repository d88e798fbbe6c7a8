/**
 * What the shape rules of the ops share: checks whose errors read alike, broadcasting, axes and
 * attribute reading.
 */
import { AppError } from "../base/errors.ts";
import { type Attributes, isNumberList, rejectShape } from "./op.ts";
import { type Dim, type DType, formatType, type Shape, type TensorData, type TensorType } from "./tensor-type.ts";

export const numeric = ["float32", "int32", "int64"] as const satisfies readonly DType[];
export const anyDtype = ["float32", "uint8", "int8", "int32", "int64", "bool"] as const satisfies readonly DType[];
export const indexDtype = ["int32", "int64"] as const satisfies readonly DType[];

/** What one input of an op must be. Float32 of any rank unless said otherwise. */
export interface InputRule {
  readonly name: string;
  readonly dtypes?: readonly DType[];
  readonly rank?: number;
  readonly optional?: true;
}

type Checked<Rules extends readonly InputRule[]> = {
  readonly [At in keyof Rules]: Rules[At] extends { readonly optional: true } ? TensorType | undefined : TensorType;
};

/**
 * Holds an op's inputs to its rules and gives them back, typed. Errors: GRAPH_SHAPE (count, rank),
 * GRAPH_DTYPE.
 */
export function checkInputs<const Rules extends readonly InputRule[]>(
  op: string,
  inputs: readonly (TensorType | undefined)[],
  rules: Rules,
): Checked<Rules> {
  if (inputs.length > rules.length) rejectShape(op, `at most ${rules.length} inputs`, inputs);
  for (const [at, { name, dtypes = ["float32"], rank, optional }] of rules.entries()) {
    const type = inputs[at];
    if (type === undefined) {
      if (!optional) rejectShape(op, `an input ${name}`, inputs);
    } else if (!dtypes.some((dtype) => dtype === type.dtype)) {
      rejectDtype(op, `${name} of type ${dtypes.join(" or ")}`, type);
    } else if (rank !== undefined && type.shape.length !== rank) {
      rejectShape(op, `${name} with ${rank} axes`, [type]);
    }
  }
  // The loop above has shown that every required input is there; a mapped tuple cannot be narrowed
  // in place.
  return rules.map((_, at) => inputs[at]) as unknown as Checked<Rules>;
}

export function rejectDtype(op: string, constraint: string, received: TensorType): never {
  throw new AppError("GRAPH_DTYPE", { required: `${constraint} for ${op}`, received: formatType(received) });
}

export function rejectAttribute(op: string, constraint: string, received: unknown): never {
  const text = Array.isArray(received) ? `[${received.join(",")}]` : String(received);
  throw new AppError("GRAPH_ATTRIBUTE", { required: `${constraint} for ${op}`, received: text });
}

/**
 * The shape to which all types broadcast by numpy's rule: aligned at the last axis, equal or 1. A
 * symbol equals itself.
 */
export function broadcastShapes(op: string, types: readonly TensorType[]): Shape {
  const rank = Math.max(...types.map((type) => type.shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let result: Dim = 1;
    for (const { shape } of types) {
      const dim = shape[axis - rank + shape.length] ?? 1;
      if (dim === 1 || dim === result) continue;
      if (result !== 1) rejectShape(op, `shapes that broadcast: dims equal or 1, aligned at the last axis`, types);
      result = dim;
    }
    return result;
  });
}

/** An axis counted from the front. Errors: GRAPH_ATTRIBUTE outside [-rank, rank). */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    rejectAttribute(op, `an axis in [${-rank}, ${rank})`, axis);
  }
  return axis < 0 ? axis + rank : axis;
}

/**
 * The numbers of an input that must be known while the graph is built. Errors: GRAPH_ATTRIBUTE for
 * any other value.
 */
export function constantNumbers(op: string, name: string, tensor: TensorData | undefined): readonly number[] {
  if (!tensor) rejectAttribute(op, `a constant ${name}`, "a value that is computed when the graph runs");
  return Array.from(tensor.data, Number);
}

export function numberAttribute(attributes: Attributes, name: string, fallback: number): number {
  const value = attributes[name];
  return typeof value === "number" ? value : fallback;
}

export function listAttribute(attributes: Attributes, name: string, fallback: readonly number[]): readonly number[] {
  const value = attributes[name];
  return isNumberList(value) ? value : fallback;
}

/** Refuses an attribute that has another value than the one that is supported. */
export function onlyAttribute(op: string, attributes: Attributes, name: string, supported: number | string): void {
  const value = attributes[name];
  if (value !== undefined && value !== supported) rejectAttribute(op, `${name} = ${supported}`, value);
}
