/** Pad and Slice: each is the other's gradient. */
import { chain, defineOp, type ReferenceTensor, reference, rejectShape } from "../../op.ts";
import { filled, offsetsOf, pick, stridesOf } from "../../reference-tensor.ts";
import {
  anyDtype,
  checkInputs,
  constantNumbers,
  indexDtype,
  onlyAttribute,
  rejectAttribute,
} from "../../shape-rules.ts";
import { int64Vector } from "../../tensor-type.ts";
import { apply1, constant, scalar, type Value } from "../../value.ts";
import { reshape } from "./shape.ts";
import { type SliceRange, sliceRanges } from "./slice-range.ts";

const padOp = defineOp({
  name: "Pad",
  doc: "y = x with pads[i] elements before and pads[rank + i] after it on axis i, all of one value (0 unless given)",
  attributeTypes: { mode: "string" },
  infer: (inputs, attributes, constants) => {
    onlyAttribute("Pad", attributes, "mode", "constant");
    const [x] = checkInputs("Pad", inputs, [
      { name: "x", dtypes: anyDtype },
      { name: "pads", dtypes: ["int64"], rank: 1 },
      { name: "value", dtypes: anyDtype, optional: true },
    ]);
    const pads = constantNumbers("Pad", "pads", constants[1]);
    const rank = x.shape.length;
    if (pads.length !== 2 * rank || pads.some((count) => !(count >= 0))) {
      rejectAttribute("Pad", `pads = ${2 * rank} whole numbers >= 0, for ${rank} axes before and after`, pads);
    }
    const shape = x.shape.map((dim, axis) => {
      const added = pads[axis]! + pads[axis + rank]!;
      if (typeof dim === "number") return dim + added;
      return added === 0 ? dim : rejectShape("Pad", `a fixed size of axis ${axis}`, [x]);
    });
    return [{ dtype: x.dtype, shape }];
  },
  gradient: chain(({ dy }, x, pads) => {
    const counts = pads.producer.kind === "constant" ? Array.from(pads.producer.tensor.data, Number) : [];
    const rank = x.type.shape.length;
    const axes = x.type.shape.flatMap((_, axis) => (counts[axis] || counts[axis + rank] ? [axis] : []));
    const starts = axes.map((axis) => counts[axis]!);
    const ends = axes.map((axis, at) => starts[at]! + Number(x.type.shape[axis]));
    return [axes.length === 0 ? dy : slice(dy, { starts, ends, axes })];
  }),
  reference: reference((_, x, pads, value?: ReferenceTensor) => {
    const rank = x.shape.length;
    const y = filled(
      x.shape.map((dim, axis) => dim + pads.data[axis]! + pads.data[axis + rank]!),
      value?.data[0] ?? 0,
      x.dtype,
    );
    const strides = stridesOf(y.shape);
    const start = strides.reduce((sum, stride, axis) => sum + stride * pads.data[axis]!, 0);
    for (const [from, to] of offsetsOf(x.shape, strides, start).entries()) y.data[to] = x.data[from]!;
    return y;
  }),
  samples: [
    { inputs: [{ shape: [2, 3] }, { shape: [4], dtype: "int64", values: [1, 0, 2, 3], constant: true }] },
    {
      inputs: [
        { shape: [2, 1, 3, 3] },
        { shape: [8], dtype: "int64", values: [0, 0, 1, 2, 0, 0, 0, 1], constant: true },
        { shape: [], values: [-0.5], constant: true },
      ],
    },
  ],
});

/**
 * x with constant elements around it: `pads` counts those before each axis, then those after each
 * axis.
 */
export function pad(x: Value, pads: readonly number[], value = 0): Value {
  if (pads.length === 2 * x.type.shape.length && pads.every((count) => count === 0)) return x;
  const lists = [x, constant(int64Vector(pads))];
  return apply1(padOp, value === 0 ? lists : [...lists, scalar(value)]);
}

export interface SliceOptions {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes?: readonly number[];
  readonly steps?: readonly number[];
}

const sliceOp = defineOp({
  name: "Slice",
  doc: "y = the elements of x at starts, starts + steps, ... before ends, for each of the axes",
  infer: (inputs, _, constants) => {
    const [x] = checkInputs("Slice", inputs, [
      { name: "x", dtypes: anyDtype },
      { name: "starts", dtypes: indexDtype, rank: 1 },
      { name: "ends", dtypes: indexDtype, rank: 1 },
      { name: "axes", dtypes: indexDtype, rank: 1, optional: true },
      { name: "steps", dtypes: indexDtype, rank: 1, optional: true },
    ]);
    const list = (at: number, name: string) => inputs[at] && constantNumbers("Slice", name, constants[at]);
    const ranges = sliceRanges(x, {
      starts: list(1, "starts") ?? [],
      ends: list(2, "ends") ?? [],
      axes: list(3, "axes"),
      steps: list(4, "steps"),
    });
    return [{ dtype: x.dtype, shape: x.shape.map((dim, axis) => ranges.get(axis)?.count ?? dim) }];
  },
  gradient: chain(({ dy }, x, ...lists) => {
    const numbers = lists.map((value) =>
      value?.producer.kind === "constant" ? Array.from(value.producer.tensor.data, Number) : undefined,
    );
    const [starts = [], ends = [], axes, steps] = numbers;
    let dx = dy;
    for (const [axis, range] of sliceRanges(x.type, { starts, ends, axes, steps })) {
      dx = unslice(dx, axis, Number(x.type.shape[axis]), range);
    }
    return [dx];
  }),
  reference: reference((_, x, ...lists) => {
    const [starts = [], ends = [], axes, steps] = lists.map((list) => list && [...list.data]);
    const ranges = sliceRanges(x, { starts, ends, axes, steps });
    const strides = stridesOf(x.shape);
    const start = [...ranges].reduce((sum, [axis, range]) => sum + range.start * strides[axis]!, 0);
    const shape = x.shape.map((dim, axis) => ranges.get(axis)?.count ?? dim);
    const jumps = strides.map((stride, axis) => stride * (ranges.get(axis)?.step ?? 1));
    return pick(x, shape, offsetsOf(shape, jumps, start));
  }),
  samples: [
    sliceSample([4, 5], { starts: [1, 0], ends: [3, 4] }),
    sliceSample([4, 5], { starts: [-1], ends: [Number.MIN_SAFE_INTEGER], axes: [1], steps: [-1] }),
    sliceSample([2, 7, 8], { starts: [1, 0], ends: [7, 99], axes: [1, -1], steps: [2, 3] }),
    sliceSample([9], { starts: [7], ends: [0], axes: [0], steps: [-3] }),
  ],
});

function sliceSample(shape: readonly number[], lists: SliceOptions) {
  const list = (values: readonly number[]) => ({
    shape: [values.length],
    dtype: "int64" as const,
    values,
    constant: true,
  });
  return { inputs: [{ shape }, ...[lists.starts, lists.ends, lists.axes, lists.steps].map((l) => l && list(l))] };
}

/**
 * Puts each element of dy back to where a slice took it from, zeros elsewhere: the transpose of a
 * slice on one axis.
 */
function unslice(dy: Value, axis: number, size: number, { start, step, count }: SliceRange): Value {
  const { shape } = dy.type;
  const gap = Math.abs(step);
  const ends = [Number.MIN_SAFE_INTEGER];
  let dx = step > 0 || count === 1 ? dy : slice(dy, { starts: [-1], ends, axes: [axis], steps: [-1] });
  const first = step > 0 ? start : start + step * (count - 1);
  const padAxis = (x: Value, at: number, before: number, after: number) =>
    pad(x, [
      ...x.type.shape.map((_, other) => (other === at ? before : 0)),
      ...x.type.shape.map((_, other) => (other === at ? after : 0)),
    ]);
  if (gap > 1 && count > 1) {
    const apart = padAxis(reshape(dx, shape.toSpliced(axis + 1, 0, 1)), axis + 1, 0, gap - 1);
    const joined = reshape(apart, shape.with(axis, count * gap));
    dx = slice(joined, { starts: [0], ends: [(count - 1) * gap + 1], axes: [axis] });
  }
  return padAxis(dx, axis, first, size - first - ((count - 1) * gap + 1));
}

/**
 * Part of x, as numpy's x[start:end:step] on each of the axes (the first ones unless given).
 * Errors: GRAPH_SHAPE.
 */
export function slice(x: Value, { starts, ends, axes, steps }: SliceOptions): Value {
  const lists = [starts, ends, axes, steps].map((list) => list && constant(int64Vector(list)));
  while (lists.at(-1) === undefined) lists.pop();
  return apply1(sliceOp, [x, ...lists]);
}
