/**
 * Forms of ONNX ops that mean what other ops of our table mean: older ones, those that other tools write, and whole
 * ops that are a few of ours. What is read so can be differentiated and is written again in our forms.
 */
import { divideDims, productOf } from "../dims.ts";
import { knownDims } from "../known-dims.ts";
import { type Attributes, isNumberList } from "../op.ts";
import {
  add,
  averagePool,
  concat,
  dequantizeLinear,
  div,
  elu,
  expand,
  floor,
  logSoftmax,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  quantizeLinear,
  reduceMax,
  reshape,
  resizeNearest,
  sigmoid,
  slice,
  softmax,
  softplus,
  split,
  sqrt,
  tanh,
  transpose,
} from "../ops/table.ts";
import { listAttribute, normalizeAxis, numberAttribute } from "../shape-rules.ts";
import { float32, int64Vector, isStatic, sizeOf, type TensorData } from "../tensor-type.ts";
import { constant, scalar, type Value } from "../value.ts";
import { explicitWindow, padByCopies, padImage, padsOfAxes } from "./import-pads.ts";

/** A node that is read. */
export interface ImportedNode {
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  /** The version of ONNX's operator set. */
  readonly version: number;
  /** How many outputs the file uses, up to the last. */
  readonly outputs: number;
  /** How many elements may be made of a node that computes from constants. */
  readonly room: number;
}

/** The node's outputs; `undefined` where this form is none that the rule knows. */
type Rule = (node: ImportedNode, x: Value) => readonly Value[] | undefined;

const one =
  (compute: (x: Value, node: ImportedNode) => Value | undefined): Rule =>
  (node, x) => {
    const y = compute(x, node);
    return y && [y];
  };

/** The numbers of an input; `undefined` where it is left out or computed when the graph runs. */
export function numbersOf(value: Value | undefined): readonly number[] | undefined {
  return value?.producer.kind === "constant" ? Array.from(value.producer.tensor.data, Number) : undefined;
}

/** Ops of one input that many inputs are joined by, two and two. */
const folded =
  (join: (a: Value, b: Value) => Value): Rule =>
  ({ inputs }) => [inputs.filter((value) => value !== undefined).reduce(join)];

/** Until version 12 the axes from `axis` on, the second unless given, were one. */
const softmaxForm =
  (apply: (x: Value, axis?: number) => Value): Rule =>
  ({ attributes, version }, x) => {
    const { shape } = x.type;
    if (version >= 13) return [apply(x, numberAttribute(attributes, "axis", -1))];
    const axis = normalizeAxis("Softmax", numberAttribute(attributes, "axis", 1), shape.length);
    const rest = shape.slice(axis);
    if (!isStatic(rest)) return undefined;
    if (rest.slice(1).every((size) => size === 1)) return [apply(x, axis)];
    return [reshape(apply(reshape(x, [...shape.slice(0, axis), sizeOf(rest)])), shape)];
  };

/**
 * A target that is computed from sizes: numbers as numbers, a free size as a copy of x's or as the one -1, so that
 * the batch stays free.
 */
const reshapeForm: Rule = ({ inputs: [, target], attributes }, x) => {
  const dims = target && knownDims(target)?.dims;
  const copiesZeros = !attributes.allowzero;
  if (!dims || (isStatic(dims) && copiesZeros)) return undefined;
  if (!copiesZeros && dims.includes(0)) return undefined;
  const known = dims.map((dim, axis) => (dim === 0 ? (x.type.shape[axis] ?? dim) : dim));
  const rest = divideDims(productOf(x.type.shape), productOf(known.filter((dim) => dim !== -1)));
  if (known.includes(-1) && rest === undefined) return undefined;
  return [
    reshape(
      x,
      known.map((dim) => (dim === -1 ? rest! : dim)),
    ),
  ];
};

/** A target whose free sizes are x's own needs no computation. */
const expandForm: Rule = ({ inputs: [, target] }, x) => {
  const dims = target && knownDims(target)?.dims;
  if (!dims || target.producer.kind === "constant") return undefined;
  const { shape } = x.type;
  const own = dims.map((dim, axis) => (dim === shape[axis - dims.length + shape.length] ? 1 : dim));
  return isStatic(own) ? [expand(x, constant(int64Vector(own)))] : undefined;
};

function squeezed(x: Value, { inputs, attributes }: ImportedNode): Value | undefined {
  const { shape } = x.type;
  const given = inputs[1] ? numbersOf(inputs[1]) : listAttribute(attributes, "axes", []);
  if (!given || (given.length === 0 && !isStatic(shape))) return undefined;
  const axes = given.map((axis) => normalizeAxis("Squeeze", axis, shape.length));
  if (axes.some((axis) => shape[axis] !== 1)) return undefined;
  return reshape(
    x,
    shape.filter((dim, axis) => (axes.length === 0 ? dim !== 1 : !axes.includes(axis))),
  );
}

/** No tensor of a picture's has more. */
const mostAxes = 32;

function unsqueezed(x: Value, { inputs }: ImportedNode): Value | undefined {
  const given = numbersOf(inputs[1]);
  const rank = x.type.shape.length + (given?.length ?? 0);
  if (!given || rank > mostAxes) return undefined;
  const shape = [...x.type.shape];
  const axes = given.map((axis) => normalizeAxis("Unsqueeze", axis, rank)).toSorted((a, b) => a - b);
  for (const axis of axes) shape.splice(axis, 0, 1);
  return reshape(x, shape);
}

/** What is dropped in training only; the mask, a second output, is none of ours. */
const dropout: Rule = ({ inputs, outputs }, x) => {
  const [training] = inputs[2] ? (numbersOf(inputs[2]) ?? [1]) : [0];
  return training === 0 && outputs === 1 ? [x] : undefined;
};

/** Nearest by whole scales: the modes of coordinates and rounding that repeat each element. */
function resized(x: Value, { inputs, attributes, version }: ImportedNode, upsample = false): Value | undefined {
  if (x.type.shape.length !== 4 || (attributes.mode ?? "nearest") !== "nearest") return undefined;
  const asked = version < 11 || upsample ? inputs[1] : inputs[2];
  const scales = numbersOf(asked)?.length ? numbersOf(asked) : scalesTo(x, numbersOf(inputs[3]));
  if (scales?.length !== 4 || scales.some((scale) => !Number.isInteger(scale) || scale < 1)) return undefined;
  if (scales[0] !== 1 || scales[1] !== 1 || attributes.axes !== undefined) return undefined;
  const { coordinate_transformation_mode: coordinates = "half_pixel", nearest_mode: rounding = "round_prefer_floor" } =
    attributes;
  const repeats =
    version < 11 ||
    upsample ||
    (coordinates === "asymmetric" && rounding === "floor") ||
    // (i + 1/2) / s - 1/2, rounded, is floor(i / s): it never lies in the middle.
    (coordinates === "half_pixel" && String(rounding).startsWith("round_prefer"));
  return repeats ? resizeNearest(x, { scales: scales.slice(2) }) : undefined;
}

function scalesTo(x: Value, sizes: readonly number[] | undefined): readonly number[] | undefined {
  if (sizes?.length !== x.type.shape.length) return undefined;
  // The batch is asked for by its number where that was fixed while exporting, or by what it is.
  return x.type.shape.map((dim, axis) => (typeof dim === "number" ? sizes[axis]! / dim : 1));
}

const splitForm: Rule = ({ inputs, attributes, outputs }, x) => {
  const axis = normalizeAxis("Split", numberAttribute(attributes, "axis", 0), x.type.shape.length);
  const size = x.type.shape[axis]!;
  if (inputs[1] || typeof size !== "number") return undefined;
  const parts = numberAttribute(attributes, "num_outputs", outputs);
  const part = Math.ceil(size / parts);
  if (parts !== outputs || parts > size || part * (parts - 1) >= size) return undefined;
  const sizes = Array.from({ length: parts }, (_, at) => Math.min(part, size - at * part));
  return split(x, sizes, axis);
};

/** x to a power that is written as a number: squares and roots take negative numbers and are cheaper. */
function power(x: Value, { inputs: [, exponent] }: ImportedNode): Value | undefined {
  const numbers = numbersOf(exponent);
  if (x.type.dtype !== "float32" || !numbers || exponent!.type.shape.some((dim) => dim !== 1)) return undefined;
  if (exponent!.type.shape.length > x.type.shape.length) return undefined;
  const [by] = numbers;
  if (by === 1) return x;
  if (by === 2) return mul(x, x);
  if (by === 3) return mul(mul(x, x), x);
  return by === 0.5 ? sqrt(x) : pow(x, scalar(by!));
}

const mostNeighbours = 64;

/** x / (bias + alpha / size * the sum of squares of `size` neighbouring channels) ^ beta. */
function localResponse(x: Value, { attributes }: ImportedNode): Value | undefined {
  const [size, channels] = [numberAttribute(attributes, "size", 0), x.type.shape[1]];
  if (
    typeof channels !== "number" ||
    x.type.shape.length !== 4 ||
    !(size >= 1 && size <= Math.min(channels, mostNeighbours))
  )
    return undefined;
  const before = Math.floor((size - 1) / 2);
  const padded = padImage(mul(x, x), [0, before, 0, 0, 0, size - 1 - before, 0, 0]);
  const parts = Array.from({ length: size }, (_, at) =>
    slice(padded, { starts: [at], ends: [at + channels], axes: [1] }),
  );
  const share = numberAttribute(attributes, "alpha", 1e-4) / size;
  const base = add(mul(parts.reduce(add), scalar(share)), scalar(numberAttribute(attributes, "bias", 1)));
  return div(x, pow(base, scalar(numberAttribute(attributes, "beta", 0.75))));
}

function depthToSpace(x: Value, { attributes }: ImportedNode): Value | undefined {
  const [batch, channels, height, width] = x.type.shape;
  const block = numberAttribute(attributes, "blocksize", 0);
  const depth = Number(channels) / block ** 2;
  if (x.type.shape.length !== 4 || !Number.isInteger(depth) || depth < 1) return undefined;
  const crd = attributes.mode === "CRD";
  const cut = reshape(
    x,
    crd ? [batch!, depth, block, block, height!, width!] : [batch!, block, block, depth, height!, width!],
  );
  const moved = transpose(cut, crd ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]);
  return reshape(moved, [batch!, depth, Number(height) * block, Number(width) * block]);
}

/** GELU's approximation by tanh; the exact one is an op of the table. */
function geluByTanh(x: Value, { attributes }: ImportedNode): Value | undefined {
  if (attributes.approximate !== "tanh") return undefined;
  const inner = mul(add(x, mul(mul(mul(x, x), x), scalar(0.044715))), scalar(Math.sqrt(2 / Math.PI)));
  return mul(mul(x, scalar(0.5)), add(tanh(inner), scalar(1)));
}

/** A tensor of one number; of a shape that is only known when the graph runs, that number repeated. */
function filledWith(shape: Value, { attributes, room }: ImportedNode): Value | undefined {
  const { value } = attributes;
  const single: TensorData = typeof value === "object" && "dtype" in value ? value : float32([1], [0]);
  const sizes = numbersOf(shape);
  if (single.data.length !== 1) return undefined;
  if (!sizes) return expand(constant({ ...single, shape: [] }), shape);
  const count = sizeOf(sizes);
  if (sizes.some((size) => size < 0) || !(count <= room)) return undefined;
  const repeated = { ...single, shape: sizes, data: single.data.slice(0, 0) };
  const { data } = single;
  if (data instanceof BigInt64Array) repeated.data = new BigInt64Array(count).fill(data[0]!);
  else if (data instanceof Float32Array) repeated.data = new Float32Array(count).fill(data[0]!);
  else if (data instanceof Int32Array) repeated.data = new Int32Array(count).fill(data[0]!);
  else if (data instanceof Int8Array) repeated.data = new Int8Array(count).fill(data[0]!);
  else repeated.data = Uint8Array.from({ length: count }, () => data[0]!);
  return constant(repeated);
}

/** start, start + delta, ... before limit, of the type that they have. */
function range(start: Value, { inputs, room }: ImportedNode): Value | undefined {
  const [from, to, step] = inputs.map((value) => numbersOf(value)?.[0]);
  if (from === undefined || to === undefined || !step) return undefined;
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= room)) return undefined;
  const numbers = Array.from({ length: count }, (_, at) => from + at * step);
  const { dtype } = start.type;
  if (dtype === "float32") return constant(float32([count], numbers));
  if (dtype === "int32") return constant({ dtype, shape: [count], data: Int32Array.from(numbers) });
  return dtype === "int64" ? constant({ dtype, shape: [count], data: BigInt64Array.from(numbers, BigInt) }) : undefined;
}

/** Of constants: sizes are looked at so before they are divided. */
function modulo(a: Value, { inputs: [, b], attributes }: ImportedNode): Value | undefined {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  if (left?.length !== 1 || right?.length !== 1 || !right[0] || attributes.fmod || a.type.dtype !== "int64")
    return undefined;
  const rest = ((left[0]! % right[0]) + right[0]) % right[0];
  if (!Number.isSafeInteger(rest) || !isStatic(a.type.shape)) return undefined;
  return constant({ dtype: "int64", shape: a.type.shape, data: BigInt64Array.of(BigInt(rest)) });
}

/** Paddings that the table's op does not take: of named axes, negative ones, and copies of the edge. */
const padForm: Rule = ({ inputs, attributes }, x) => {
  const [pads, axes] = [numbersOf(inputs[1]), inputs[3] && numbersOf(inputs[3])];
  const [fill] = inputs[2] ? (numbersOf(inputs[2]) ?? []) : [0];
  const all = pads && !(inputs[3] && !axes) && padsOfAxes(x.type.shape.length, pads, axes);
  if (!all) return undefined;
  const { mode = "constant" } = attributes;
  if (mode !== "constant") {
    const y = padByCopies(x, all, String(mode));
    return y && [y];
  }
  const isPlain = axes === undefined && all.every((count) => count >= 0);
  if (isPlain || fill === undefined || x.type.dtype !== "float32") return undefined;
  return [padImage(x, all, fill)];
};

/** A mean in which the padding counts is one of a padded picture. */
const averageForm: Rule = ({ attributes }, x) => {
  const { count_include_pad: isCounted, ceil_mode: ceil } = attributes;
  const { pads: given, ...rest } = explicitWindow(x, undefined, attributes);
  const pads = isNumberList(given) ? given : [0, 0, 0, 0];
  if (!isCounted || rest.auto_pad !== undefined || x.type.shape.length !== 4) return undefined;
  const asked = listAttribute(attributes, "pads", [0]);
  const kernelSize = listAttribute(rest, "kernel_shape", []);
  // What rounding up adds is not counted, and that is all there is.
  if (ceil && asked.every((count) => count === 0)) {
    const [strides, dilations] = [listAttribute(rest, "strides", [1, 1]), listAttribute(rest, "dilations", [1, 1])];
    return [averagePool(x, { kernel: kernelSize, strides, dilations, pads })];
  }
  if (ceil) return undefined;
  const padded = padImage(x, [0, 0, ...pads.slice(0, 2), 0, 0, ...pads.slice(2)]);
  const kernel = listAttribute(rest, "kernel_shape", []);
  const [strides, dilations] = [listAttribute(rest, "strides", [1, 1]), listAttribute(rest, "dilations", [1, 1])];
  return [averagePool(padded, { kernel, strides, dilations })];
};

/** Sizes before the first or after the last axis: none, of which the table has no tensor. */
const sliceForm: Rule = ({ inputs: [, ...lists] }, x) => {
  const [starts, ends, axes = [0], steps = [1]] = lists.map(numbersOf);
  const [size] = x.type.shape;
  const ofSizes = x.type.dtype === "int64" && x.type.shape.length === 1 && typeof size === "number";
  if (!ofSizes || starts?.length !== 1 || ends?.length !== 1 || axes.length !== 1 || steps[0] !== 1) return undefined;
  const [start, end] = [starts[0]!, ends[0]!].map((at) => Math.max(0, Math.min(size, at < 0 ? at + size : at)));
  return start! >= end! ? [constant(int64Vector([]))] : undefined;
};

const concatForm: Rule = ({ inputs, attributes }) => {
  const parts = inputs.filter((value) => value && !(value.type.shape.length === 1 && value.type.shape[0] === 0));
  if (parts.length === inputs.length || parts.length === 0) return undefined;
  return [
    concat(
      parts.map((value) => value!),
      numberAttribute(attributes, "axis", 0),
    ),
  ];
};

/** onnxruntime's quantisation writes one scale for all as [1], beside a zero point of []. */
const oneScale =
  (apply: (x: Value, scale: Value, zeroPoint: Value) => Value): Rule =>
  ({ inputs: [, scale, zeroPoint] }, x) => {
    if (scale?.producer.kind !== "constant" || !zeroPoint || zeroPoint.type.shape.length > 0) return undefined;
    const { tensor } = scale.producer;
    const isOne = tensor.shape.length === 1 && tensor.shape[0] === 1;
    return isOne ? [apply(x, constant({ ...tensor, shape: [] }), zeroPoint)] : undefined;
  };

const rules: Readonly<Record<string, Rule>> = {
  AveragePool: averageForm,
  Dropout: dropout,
  Concat: concatForm,
  QuantizeLinear: oneScale(quantizeLinear),
  DequantizeLinear: oneScale(dequantizeLinear),
  Pad: padForm,
  Slice: sliceForm,
  Reshape: reshapeForm,
  Expand: expandForm,
  Softmax: softmaxForm(softmax),
  LogSoftmax: softmaxForm(logSoftmax),
  Squeeze: one(squeezed),
  Unsqueeze: one(unsqueezed),
  Split: splitForm,
  Resize: one((x, node) => resized(x, node)),
  Upsample: one((x, node) => resized(x, node, true)),
  Pow: one(power),
  Sum: folded(add),
  Max: folded(maximum),
  Min: folded(minimum),
  Mean: (node) => [div(node.inputs.map((value) => value!).reduce(add), scalar(node.inputs.length))],
  GlobalMaxPool: one((x) => reduceMax(x, { axes: x.type.shape.map((_, axis) => axis).slice(2), keepdims: true })),
  LRN: one(localResponse),
  DepthToSpace: one(depthToSpace),
  Gelu: one(geluByTanh),
  Ceil: one((x) => neg(floor(neg(x)))),
  Mish: one((x) => mul(x, tanh(softplus(x)))),
  Swish: one((x, { attributes }) => mul(x, sigmoid(mul(x, scalar(numberAttribute(attributes, "alpha", 1)))))),
  Selu: one((x, { attributes }) => {
    const alpha = numberAttribute(attributes, "alpha", 1.6732632);
    return mul(elu(x, { alpha }), scalar(numberAttribute(attributes, "gamma", 1.050701)));
  }),
  ConstantOfShape: one(filledWith),
  Range: one(range),
  Mod: one(modulo),
};

/**
 * A node's outputs as values of our ops; `undefined` where it has no such form, and is read by the table or kept as
 * it is. Errors: those of the shape rules.
 */
export function readForm(opType: string, node: ImportedNode): readonly Value[] | undefined {
  const rule = Object.hasOwn(rules, opType) ? rules[opType] : undefined;
  const [x] = node.inputs;
  return rule && x && x.type.dtype !== "unknown" ? rule(node, x) : undefined;
}
