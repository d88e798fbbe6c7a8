/**
 * Ops that change how elements are indexed and nothing else: reshape, flatten, transpose, expand.
 */
import { divideDims, productOf } from "../../dims.ts";
import { type Attributes, chain, defineOp, noFlow, reference, rejectShape } from "../../op.ts";
import { broadcastOffsets, broadcastShape, offsetsOf, pick, stridesOf } from "../../reference-tensor.ts";
import {
  anyDtype,
  broadcastShapes,
  checkInputs,
  constantNumbers,
  normalizeAxis,
  numberAttribute,
  onlyAttribute,
  rejectAttribute,
} from "../../shape-rules.ts";
import { type Dim, formatShape, int64Vector, type Shape, sameShape, type TensorType } from "../../tensor-type.ts";
import { apply1, constant, type Value } from "../../value.ts";

const reshapeOp = defineOp({
  name: "Reshape",
  doc: "y = x's elements in row-major order in another shape; 0 copies x's dim at that axis, -1 takes what is left",
  attributeTypes: { allowzero: "int" },
  infer: (inputs, attributes, constants) => {
    onlyAttribute("Reshape", attributes, "allowzero", 0);
    const [x] = checkInputs("Reshape", inputs, [
      { name: "x", dtypes: anyDtype },
      { name: "shape", dtypes: ["int64"], rank: 1 },
    ]);
    return [{ dtype: x.dtype, shape: resolveShape(x, constantNumbers("Reshape", "shape", constants[1])) }];
  },
  gradient: chain(({ dy }, x) => [reshape(dy, x.type.shape)]),
  reference: reference((_, x, target) => {
    const known = Array.from(target.data, (dim, axis) => (dim === 0 ? x.shape[axis]! : dim));
    const rest = x.data.length / known.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
    return { dtype: x.dtype, shape: known.map((dim) => (dim === -1 ? rest : dim)), data: x.data };
  }),
  samples: [
    { inputs: [{ shape: [2, 6] }, { shape: [3], dtype: "int64", values: [3, 2, 2], constant: true }] },
    { inputs: [{ shape: [2, 6, 1] }, { shape: [3], dtype: "int64", values: [0, -1, 3], constant: true }] },
    { inputs: [{ shape: [1, 1] }, { shape: [0], dtype: "int64", values: [], constant: true }] },
  ],
});

function resolveShape(x: TensorType, target: readonly number[]): Shape {
  const constraint = `a shape with as many elements as the input, at most one -1 (asked for ${formatShape(target)})`;
  const known = target.map((dim, axis): Dim => {
    if (!Number.isInteger(dim) || dim < -1 || (dim === 0 && axis >= x.shape.length)) {
      rejectAttribute("Reshape", "dims that are positive, 0 (copy) or -1 (the rest)", target);
    }
    return dim === 0 ? x.shape[axis]! : dim;
  });
  const rest = divideDims(productOf(x.shape), productOf(known.filter((dim) => dim !== -1)));
  const free = known.filter((dim) => dim === -1).length;
  if (rest === undefined || free > 1 || (free === 0 && rest !== 1)) rejectShape("Reshape", constraint, [x]);
  return known.map((dim) => (dim === -1 ? rest : dim));
}

/**
 * x's elements in another shape: -1 takes what is left, 0 copies x's dim at that axis. A symbolic
 * dim is taken over from x: as a copy where x has it at the same axis, else as the one -1. Errors:
 * GRAPH_SHAPE, GRAPH_ATTRIBUTE.
 */
export function reshape(x: Value, shape: Shape): Value {
  if (sameShape(x.type.shape, shape)) return x;
  const dims = shape.map((dim, axis) => (typeof dim === "number" ? dim : dim === x.type.shape[axis] ? 0 : -1));
  return apply1(reshapeOp, [x, constant(int64Vector(dims))]);
}

const flattenOp = defineOp({
  name: "Flatten",
  doc: "y = x as a matrix [product of the dims before `axis`, product of the others]",
  attributeTypes: { axis: "int" },
  infer: (inputs, attributes) => {
    const [x] = checkInputs("Flatten", inputs, [{ name: "x", dtypes: anyDtype }]);
    return [{ dtype: x.dtype, shape: matrixShape(x.shape, numberAttribute(attributes, "axis", 1)) }];
  },
  gradient: chain(({ dy }, x) => [reshape(dy, x.type.shape)]),
  reference: reference((attributes, x) => ({
    dtype: x.dtype,
    // The reference only ever sees fixed shapes, and the product of numbers is a number.
    shape: matrixShape(x.shape, numberAttribute(attributes, "axis", 1)).map(Number),
    data: x.data,
  })),
  samples: [
    { inputs: [{ shape: [2, 3, 4] }] },
    { inputs: [{ shape: [2, 3, 4] }], attributes: { axis: 0 } },
    { inputs: [{ shape: [2, 3, 4] }], attributes: { axis: -1 } },
  ],
});

function matrixShape(shape: Shape, axis: number): Shape {
  const at = axis === shape.length ? axis : normalizeAxis("Flatten", axis, shape.length);
  return [productOf(shape.slice(0, at)), productOf(shape.slice(at))];
}

/** [N, ...] as [N, product of the rest]. */
export function flatten(x: Value): Value {
  return apply1(flattenOp, [x], { axis: 1 });
}

const transposeOp = defineOp({
  name: "Transpose",
  doc: "y = x with its axes permuted: y's axis i is x's axis perm[i]; reversed without perm",
  attributeTypes: { perm: "ints" },
  infer: (inputs, attributes) => {
    const [x] = checkInputs("Transpose", inputs, [{ name: "x", dtypes: anyDtype }]);
    const perm = permutation(x.shape.length, attributes.perm);
    if (
      perm.length !== x.shape.length ||
      new Set(perm).size !== perm.length ||
      perm.some((axis) => !(axis in x.shape))
    ) {
      rejectAttribute("Transpose", `perm = each of the axes 0 to ${x.shape.length - 1} once`, perm);
    }
    return [{ dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]!) }];
  },
  gradient: chain(({ dy, attributes }, x) => {
    const perm = permutation(x.type.shape.length, attributes.perm);
    return [
      transpose(
        dy,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  }),
  reference: reference((attributes, x) => {
    const perm = permutation(x.shape.length, attributes.perm);
    const strides = stridesOf(x.shape);
    const shape = perm.map((axis) => x.shape[axis]!);
    return pick(
      x,
      shape,
      offsetsOf(
        shape,
        perm.map((axis) => strides[axis]!),
      ),
    );
  }),
  samples: [
    { inputs: [{ shape: [2, 3, 4] }] },
    { inputs: [{ shape: [2, 3, 4, 5] }], attributes: { perm: [2, 0, 3, 1] } },
    { inputs: [{ shape: [2, 3, 4, 5], dtype: "uint8", range: [0, 255] }], attributes: { perm: [0, 3, 1, 2] } },
  ],
});

function permutation(rank: number, perm: unknown): readonly number[] {
  return Array.isArray(perm) ? perm : Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
}

/**
 * x with its axes permuted: the result's axis i is x's axis perm[i]. x itself where nothing moves.
 */
export function transpose(x: Value, perm: readonly number[]): Value {
  const unmoved = perm.length === x.type.shape.length && perm.every((axis, at) => axis === at);
  return unmoved ? x : apply1(transposeOp, [x], { perm });
}

const expandOp = defineOp({
  name: "Expand",
  doc: "y = x repeated along its axes of size 1 up to the shape that x and `shape` broadcast to",
  infer: (inputs, _, constants, dims) => {
    const [x] = checkInputs("Expand", inputs, [
      { name: "x", dtypes: anyDtype },
      { name: "shape", dtypes: ["int64"], rank: 1 },
    ]);
    const shape = dims[1] ?? constantNumbers("Expand", "shape", constants[1]);
    if (shape.some((dim) => typeof dim === "number" && !(dim >= 1)))
      rejectAttribute("Expand", "a shape of dims >= 1", shape);
    const target = { dtype: x.dtype, shape };
    return [{ dtype: x.dtype, shape: broadcastShapes("Expand", [x, target]) }];
  },
  gradient: chain(({ dy }) => [dy]),
  reference: reference((_, x, target) => {
    const shape = broadcastShape(x.shape, [...target.data]);
    return pick(x, shape, broadcastOffsets(x.shape, shape));
  }),
  samples: [
    { inputs: [{ shape: [3, 1] }, { shape: [3], dtype: "int64", values: [2, 3, 4], constant: true }] },
    { inputs: [{ shape: [2, 3] }, { shape: [2], dtype: "int64", values: [1, 1], constant: true }] },
    { inputs: [{ shape: [] }, { shape: [2], dtype: "int64", values: [2, 2], constant: true }] },
  ],
});

/**
 * x repeated to `shape`; x itself where it has that shape. A symbolic dim must be x's own.
 * Errors: GRAPH_SHAPE where x does not broadcast to exactly that shape.
 */
export function expandTo(x: Value, shape: Shape): Value {
  if (sameShape(x.type.shape, shape)) return x;
  const dims = shape.map((dim) => (typeof dim === "number" ? dim : 1));
  const y = apply1(expandOp, [x, constant(int64Vector(dims))]);
  if (!sameShape(y.type.shape, shape))
    rejectShape("expandTo", `a value that repeats to ${formatShape(shape)}`, [x.type]);
  return y;
}

const shapeOp = defineOp({
  name: "Shape",
  doc: "y = the sizes of x's axes from start up to end, all of them unless given",
  attributeTypes: { start: "int", end: "int" },
  infer: (inputs, attributes) => {
    const [x] = checkInputs("Shape", inputs, [{ name: "x", dtypes: anyDtype }]);
    return [{ dtype: "int64", shape: [rangeOf(x.shape, attributes).length] }];
  },
  gradient: noFlow,
  reference: reference((attributes, x) => {
    const sizes = rangeOf(x.shape, attributes);
    return { dtype: "int64", shape: [sizes.length], data: Float64Array.from(sizes) };
  }),
  samples: [
    { inputs: [{ shape: [2, 3, 4] }] },
    { inputs: [{ shape: [2, 3, 4] }], attributes: { start: 1 } },
    { inputs: [{ shape: [2, 3, 4], dtype: "uint8", range: [0, 9] }], attributes: { start: -3, end: -1 } },
  ],
});

function rangeOf<D>(shape: readonly D[], { start, end }: Attributes): readonly D[] {
  return shape.slice(typeof start === "number" ? start : 0, typeof end === "number" ? end : undefined);
}

/** The sizes of x's axes, int64 [rank]; known while building but for those that are symbols. */
export function shapeOf(x: Value): Value {
  return apply1(shapeOp, [x]);
}

/**
 * x repeated to the shape that x and the vector `shape` broadcast to. The vector may be computed from sizes that
 * are only known when the graph runs. Errors: GRAPH_SHAPE, GRAPH_ATTRIBUTE for a vector of which nothing is known.
 */
export function expand(x: Value, shape: Value): Value {
  return apply1(expandOp, [x, shape]);
}
