/**
 * Forms of ONNX ops that mean what other ops of our table mean: older ones, those that other tools write, and whole
 * ops that are a few of ours. What is read so can be differentiated and is written again in our forms.
 */
import { isNumberList } from "../op.ts";
import {
  add,
  averagePool,
  dequantizeLinear,
  div,
  elu,
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
  sigmoid,
  slice,
  softmax,
  softplus,
  sqrt,
  tanh,
} from "../ops/table.ts";
import { listAttribute, normalizeAxis, numberAttribute } from "../shape-rules.ts";
import { isStatic, sizeOf } from "../tensor-type.ts";
import { constant, scalar, type Value } from "../value.ts";
import { explicitWindow, padByCopies, padImage, padsOfAxes } from "./import-pads.ts";
import { type ImportedNode, numbersOf, one, type Rule } from "./import-rule.ts";
import { shapeForms } from "./import-shape-forms.ts";

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

/** What is dropped in training only; the mask, a second output, is none of ours. */
const dropout: Rule = ({ inputs, outputs }, x) => {
  const [training] = inputs[2] ? (numbersOf(inputs[2]) ?? [1]) : [0];
  return training === 0 && outputs === 1 ? [x] : undefined;
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

/** GELU's approximation by tanh; the exact one is an op of the table. */
function geluByTanh(x: Value, { attributes }: ImportedNode): Value | undefined {
  if (attributes.approximate !== "tanh") return undefined;
  const inner = mul(add(x, mul(mul(mul(x, x), x), scalar(0.044715))), scalar(Math.sqrt(2 / Math.PI)));
  return mul(mul(x, scalar(0.5)), add(tanh(inner), scalar(1)));
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
  ...shapeForms,
  AveragePool: averageForm,
  Dropout: dropout,
  QuantizeLinear: oneScale(quantizeLinear),
  DequantizeLinear: oneScale(dequantizeLinear),
  Pad: padForm,
  Softmax: softmaxForm(softmax),
  LogSoftmax: softmaxForm(logSoftmax),
  Pow: one(power),
  Sum: folded(add),
  Max: folded(maximum),
  Min: folded(minimum),
  Mean: (node) => [div(node.inputs.map((value) => value!).reduce(add), scalar(node.inputs.length))],
  GlobalMaxPool: one((x) => reduceMax(x, { axes: x.type.shape.map((_, axis) => axis).slice(2), keepdims: true })),
  LRN: one(localResponse),
  Gelu: one(geluByTanh),
  Ceil: one((x) => neg(floor(neg(x)))),
  Mish: one((x) => mul(x, tanh(softplus(x)))),
  Swish: one((x, { attributes }) => mul(x, sigmoid(mul(x, scalar(numberAttribute(attributes, "alpha", 1)))))),
  Selu: one((x, { attributes }) => {
    const alpha = numberAttribute(attributes, "alpha", 1.6732632);
    return mul(elu(x, { alpha }), scalar(numberAttribute(attributes, "gamma", 1.050701)));
  }),
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
