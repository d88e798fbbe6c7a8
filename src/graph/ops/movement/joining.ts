/** Concat and Split: each is the other's gradient. */
import { defineOp, type ReferenceTensor, rejectShape } from "../../op.ts";
import { filled, offsetsOf, pick, stridesOf } from "../../reference-tensor.ts";
import { anyDtype, checkInputs, constantNumbers, normalizeAxis, numberAttribute } from "../../shape-rules.ts";
import { formatShape, int64Vector, isStatic, sameShape, type TensorType } from "../../tensor-type.ts";
import { apply, apply1, constant, scalar, type Value } from "../../value.ts";
import { mul } from "../elementwise/arithmetic.ts";

const concatOp = defineOp({
  name: "Concat",
  doc: "y = the inputs one after the other along the axis",
  attributeTypes: { axis: "int" },
  infer: (inputs, attributes) => {
    const types = inputs.map((type) => type ?? rejectShape("Concat", "no input left out", inputs));
    const [first] = types;
    if (!first) rejectShape("Concat", "at least one input", inputs);
    const axis = normalizeAxis("Concat", numberAttribute(attributes, "axis", 0), first.shape.length);
    const rest = (type: TensorType) => type.shape.toSpliced(axis, 1);
    const fits = types.every(
      (type) =>
        type.dtype === first.dtype && type.shape.length === first.shape.length && sameShape(rest(type), rest(first)),
    );
    if (!fits) rejectShape("Concat", `inputs alike but for axis ${axis}`, inputs);
    if (types.length === 1) return [first];
    const sizes = types.map((type) => type.shape[axis]!);
    if (!isStatic(sizes)) rejectShape("Concat", `fixed sizes of axis ${axis}`, inputs);
    return [
      {
        dtype: first.dtype,
        shape: first.shape.with(
          axis,
          sizes.map(Number).reduce((sum, size) => sum + size, 0),
        ),
      },
    ];
  },
  gradient: ({ inputs, outputGradients: [dy], attributes }) => {
    const axis = normalizeAxis("Concat", numberAttribute(attributes, "axis", 0), inputs[0]!.type.shape.length);
    return split(
      dy!,
      inputs.map((value) => Number(value!.type.shape[axis])),
      axis,
    );
  },
  reference: (inputs, attributes) => {
    const types = inputs as readonly ReferenceTensor[];
    const { shape, dtype } = types[0]!;
    const axis = normalizeAxis("Concat", numberAttribute(attributes, "axis", 0), shape.length);
    const total = types.reduce((sum, x) => sum + x.shape[axis]!, 0);
    const y = filled(shape.with(axis, total), 0, dtype);
    const strides = stridesOf(y.shape);
    let start = 0;
    for (const x of types) {
      for (const [from, to] of offsetsOf(x.shape, strides, start).entries()) y.data[to] = x.data[from]!;
      start += x.shape[axis]! * strides[axis]!;
    }
    return [y];
  },
  samples: [
    { inputs: [{ shape: [2, 3] }, { shape: [2, 1] }, { shape: [2, 2] }], attributes: { axis: -1 } },
    { inputs: [{ shape: [1, 2, 2] }, { shape: [3, 2, 2] }], attributes: { axis: 0 } },
  ],
});

/** Joins values along an axis; their other dimensions are equal. */
export function concat(values: readonly Value[], axis: number): Value {
  return apply1(concatOp, values, { axis });
}

const splitOp = defineOp({
  name: "Split",
  doc: "y_0, y_1, ... = x cut along the axis into parts of the given sizes",
  attributeTypes: { axis: "int" },
  infer: (inputs, attributes, constants) => {
    const [x] = checkInputs("Split", inputs, [
      { name: "x", dtypes: anyDtype },
      { name: "split", dtypes: ["int64"], rank: 1 },
    ]);
    const axis = normalizeAxis("Split", numberAttribute(attributes, "axis", 0), x.shape.length);
    const sizes = constantNumbers("Split", "split", constants[1]);
    if (sizes.some((size) => size < 1) || sizes.reduce((sum, size) => sum + size, 0) !== x.shape[axis]) {
      rejectShape("Split", `positive sizes that add up to axis ${axis} (sizes ${formatShape(sizes)})`, [x]);
    }
    return sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.with(axis, size) }));
  },
  gradient: ({ outputs, outputGradients, attributes }) => {
    const parts = outputs.map((output, at) => outputGradients[at] ?? mul(output, scalar(0)));
    return [concat(parts, numberAttribute(attributes, "axis", 0))];
  },
  reference: ([x, sizes], attributes) => {
    const axis = normalizeAxis("Split", numberAttribute(attributes, "axis", 0), x!.shape.length);
    const strides = stridesOf(x!.shape);
    let start = 0;
    return Array.from(sizes!.data, (size) => {
      const shape = x!.shape.with(axis, size);
      const part = pick(x!, shape, offsetsOf(shape, strides, start));
      start += size * strides[axis]!;
      return part;
    });
  },
  samples: [
    {
      inputs: [{ shape: [2, 6] }, { shape: [3], dtype: "int64", values: [1, 3, 2], constant: true }],
      attributes: { axis: -1 },
    },
    {
      inputs: [{ shape: [4, 2, 2] }, { shape: [2], dtype: "int64", values: [2, 2], constant: true }],
      attributes: { axis: 0 },
    },
  ],
});

/**
 * x cut along the axis into parts of the given sizes, which add up to the axis. Errors:
 * GRAPH_SHAPE.
 */
export function split<const Sizes extends readonly number[]>(
  x: Value,
  sizes: Sizes,
  axis: number,
): { readonly [At in keyof Sizes]: Value } {
  // The shape rule gives one output for each size.
  return apply(splitOp, [x, constant(int64Vector(sizes))], { axis }) as { readonly [At in keyof Sizes]: Value };
}
