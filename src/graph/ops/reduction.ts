/** Ops that fold axes: sums, means, maxima. */

import { chain, defineOp, noFlow, type ReferenceTensor, reference, rejectShape } from "../op.ts";
import { offsetsOf, stridesOf } from "../reference-tensor.ts";
import {
  checkInputs,
  constantNumbers,
  normalizeAxis,
  numberAttribute,
  numeric,
  onlyAttribute,
  rejectAttribute,
} from "../shape-rules.ts";
import { type DType, int64Vector, isStatic, type Shape, sizeOf } from "../tensor-type.ts";
import { apply1, constant, scalar, type Value } from "../value.ts";
import { div, equalsTopMask, mul } from "./elementwise/arithmetic.ts";
import { expandTo, reshape } from "./movement/shape.ts";

export interface ReduceOptions {
  /** Which axes to fold, negative ones from the end; all of them unless given. */
  readonly axes?: readonly number[];
  /** Whether folded axes stay, with size 1; false unless given. (ONNX's own default is true.) */
  readonly keepdims?: boolean;
}

const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

interface Reduction {
  readonly name: string;
  readonly doc: string;
  readonly dtypes?: readonly DType[];
  readonly start: number;
  step(folded: number, value: number): number;
  end?(folded: number, count: number): number;
  /** dx from x, and from dy and y, both with their folded axes kept as 1. */
  gradient(dy: Value, x: Value, y: Value): Value;
}

function foldedAxes(op: string, rank: number, axes: readonly number[] | undefined): readonly number[] {
  if (!axes || axes.length === 0) return Array.from({ length: rank }, (_, axis) => axis);
  const found = axes.map((axis) => normalizeAxis(op, axis, rank));
  if (new Set(found).size !== found.length) rejectAttribute(op, "each axis once", axes);
  return found;
}

function keptShape<D>(shape: readonly D[], axes: readonly number[]): readonly (D | 1)[] {
  return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
}

/** For every element of a tensor, which element of the folded result it goes to. */
function foldOffsets(shape: readonly number[], axes: readonly number[]): Int32Array {
  const strides = stridesOf(keptShape(shape, axes));
  return offsetsOf(
    shape,
    strides.map((stride, axis) => (axes.includes(axis) ? 0 : stride)),
  );
}

function defineReduction(entry: Reduction): (x: Value, options?: ReduceOptions) => Value {
  const { name, dtypes = ["float32"] } = entry;
  const result = (shape: Shape, axes: readonly number[], keepdims: boolean): Shape =>
    keepdims ? keptShape(shape, axes) : shape.filter((_, axis) => !axes.includes(axis));
  const axesSample = (...axes: number[]) => ({
    shape: [axes.length],
    dtype: "int64" as const,
    values: axes,
    constant: true,
  });
  const op = defineOp({
    name,
    doc: entry.doc,
    attributeTypes: { keepdims: "int", noop_with_empty_axes: "int" },
    infer: (inputs, attributes, constants) => {
      onlyAttribute(name, attributes, "noop_with_empty_axes", 0);
      const [x, given] = checkInputs(name, inputs, [
        { name: "x", dtypes },
        { name: "axes", dtypes: ["int64"], rank: 1, optional: true },
      ]);
      const axes = foldedAxes(name, x.shape.length, given && constantNumbers(name, "axes", constants[1]));
      return [{ dtype: x.dtype, shape: result(x.shape, axes, numberAttribute(attributes, "keepdims", 1) !== 0) }];
    },
    gradient: chain(({ dy, y }, x, axesValue?: Value) => {
      const { shape } = x.type;
      const given = axesValue?.producer.kind === "constant" ? Array.from(axesValue.producer.tensor.data, Number) : [];
      const kept = keptShape(shape, foldedAxes(name, shape.length, given));
      return [entry.gradient(reshape(dy, kept), x, reshape(y, kept))];
    }),
    reference: reference((attributes, x, given?: ReferenceTensor) => {
      const axes = foldedAxes(name, x.shape.length, given && [...given.data]);
      const shape = result(x.shape, axes, numberAttribute(attributes, "keepdims", 1) !== 0) as readonly number[];
      const data = new Float64Array(sizeOf(shape)).fill(entry.start);
      for (const [at, to] of foldOffsets(x.shape, axes).entries()) data[to] = entry.step(data[to]!, x.data[at]!);
      const count = x.data.length / data.length;
      return { dtype: x.dtype, shape, data: entry.end ? data.map((folded) => entry.end!(folded, count)) : data };
    }),
    samples: [
      { inputs: [{ shape: [2, 3, 4] }, axesSample(0, 2)], attributes: { keepdims: 0 } },
      { inputs: [{ shape: [2, 3, 4] }, axesSample(-2)], attributes: { keepdims: 1 } },
      { inputs: [{ shape: [2, 3, 2, 2] }, axesSample(0, 2, 3)], attributes: { keepdims: 0 } },
      { inputs: [{ shape: [2, 3] }], attributes: { keepdims: 0 } },
      { inputs: [{ shape: [4, 2], values: [inf, 1, inf, -inf, nan, 1, -inf, -inf] }, axesSample(1)] },
    ],
  });
  return (x, { axes, keepdims = false } = {}) =>
    apply1(op, [x, axes && constant(int64Vector(axes))], { keepdims: Number(keepdims) });
}

export const reduceSum = defineReduction({
  name: "ReduceSum",
  doc: "y = the sum of x over the axes",
  dtypes: numeric,
  start: 0,
  step: (sum, value) => sum + value,
  gradient: (dy, x) => expandTo(dy, x.type.shape),
});

export const reduceMean = defineReduction({
  name: "ReduceMean",
  doc: "y = the mean of x over the axes",
  start: 0,
  step: (sum, value) => sum + value,
  end: (sum, count) => sum / count,
  gradient: (dy, x) => expandTo(div(dy, countPerResult(x, dy)), x.type.shape),
});

export const reduceMax = defineReduction({
  name: "ReduceMax",
  doc: "y = the greatest of x over the axes; equal ones share the gradient evenly",
  dtypes: numeric,
  start: -Infinity,
  step: Math.max,
  gradient: (dy, x, y) => {
    const mask = equalsTopMask(x, y);
    const axes = y.type.shape.flatMap((dim, axis) => (dim === x.type.shape[axis] ? [] : [axis]));
    return mul(mask, axes.length === 0 ? dy : div(dy, reduceSum(mask, { axes, keepdims: true })));
  },
});

export const reduceSumSquare = defineReduction({
  name: "ReduceSumSquare",
  doc: "y = the sum of x^2 over the axes",
  start: 0,
  step: (sum, value) => sum + value * value,
  gradient: (dy, x) => mul(mul(x, scalar(2)), dy),
});

/** How many elements of x one element of the mean is taken over. */
function countPerResult(x: Value, kept: Value): Value {
  const folded = x.type.shape.filter((dim, axis) => dim !== kept.type.shape[axis]);
  if (!isStatic(folded)) rejectShape("ReduceMean's gradient", "fixed sizes of the axes that it folds", [x.type]);
  return scalar(sizeOf(folded));
}

const argMaxOp = defineOp({
  name: "ArgMax",
  doc: "y = the index of the greatest of x along the axis, the first of equal ones",
  attributeTypes: { axis: "int", keepdims: "int", select_last_index: "int" },
  infer: (inputs, attributes) => {
    onlyAttribute("ArgMax", attributes, "select_last_index", 0);
    const [x] = checkInputs("ArgMax", inputs, [{ name: "x", dtypes: numeric }]);
    const axis = normalizeAxis("ArgMax", numberAttribute(attributes, "axis", 0), x.shape.length);
    const kept = numberAttribute(attributes, "keepdims", 1) !== 0;
    return [{ dtype: "int64", shape: kept ? keptShape(x.shape, [axis]) : x.shape.toSpliced(axis, 1) }];
  },
  gradient: noFlow,
  reference: reference((attributes, x) => {
    const axis = normalizeAxis("ArgMax", numberAttribute(attributes, "axis", 0), x.shape.length);
    const kept = keptShape(x.shape, [axis]);
    const stride = stridesOf(x.shape)[axis]!;
    const best = new Float64Array(sizeOf(kept)).fill(-Infinity);
    const data = new Float64Array(best.length);
    for (const [at, to] of foldOffsets(x.shape, [axis]).entries()) {
      if (x.data[at]! <= best[to]!) continue;
      best[to] = x.data[at]!;
      data[to] = Math.floor(at / stride) % x.shape[axis]!;
    }
    const shape = numberAttribute(attributes, "keepdims", 1) !== 0 ? kept : x.shape.toSpliced(axis, 1);
    return { dtype: "int64", shape, data };
  }),
  samples: [
    { inputs: [{ shape: [3, 4] }], attributes: { axis: 1, keepdims: 0 } },
    { inputs: [{ shape: [3, 4, 2] }], attributes: { axis: -2, keepdims: 1 } },
    { inputs: [{ shape: [2, 6], range: [0, 3], dtype: "int32" }], attributes: { axis: 1, keepdims: 0 } },
    { inputs: [{ shape: [2, 3], values: [1, inf, 2, -inf, -inf, -inf] }], attributes: { axis: 1, keepdims: 0 } },
  ],
});

/** The index (int64) of the greatest element along an axis. */
export function argMax(x: Value, options: { readonly axis: number; readonly keepdims?: boolean }): Value {
  return apply1(argMaxOp, [x], { axis: options.axis, keepdims: Number(options.keepdims ?? false) });
}
