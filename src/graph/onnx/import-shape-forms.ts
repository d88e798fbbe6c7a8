/** Forms of ONNX ops that move elements, or compute sizes from constants: shapes, parts, repetitions. */
import { divideDims, productOf } from "../dims.ts";
import { knownDims } from "../known-dims.ts";
import { concat, expand, reshape, resizeNearest, split, transpose } from "../ops/table.ts";
import { listAttribute, normalizeAxis, numberAttribute } from "../shape-rules.ts";
import { float32, int64Vector, isStatic, sizeOf, type TensorData } from "../tensor-type.ts";
import { constant, type Value } from "../value.ts";
import { type ImportedNode, numbersOf, one, type Rule } from "./import-rule.ts";

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

/** By ONNX op. */
export const shapeForms: Readonly<Record<string, Rule>> = {
  Concat: concatForm,
  Slice: sliceForm,
  Reshape: reshapeForm,
  Expand: expandForm,
  Squeeze: one(squeezed),
  Unsqueeze: one(unsqueezed),
  Split: splitForm,
  Resize: one((x, node) => resized(x, node)),
  Upsample: one((x, node) => resized(x, node, true)),
  DepthToSpace: one(depthToSpace),
  ConstantOfShape: one(filledWith),
  Range: one(range),
  Mod: one(modulo),
};
