/**
 * Convolution over height and width (NCHW pictures, OIHW weights), its transpose, and its two
 * gradients as composite ops.
 */
import { productOf } from "../../dims.ts";
import { type Attributes, chain, defineOp, type ReferenceTensor, reference, rejectShape } from "../../op.ts";
import { filled } from "../../reference-tensor.ts";
import { checkInputs } from "../../shape-rules.ts";
import { type Shape, sameShape } from "../../tensor-type.ts";
import { apply1, type Value } from "../../value.ts";
import { outputSize, pair, quad, windowOf } from "../../window.ts";
import { reshape, transpose } from "../movement/shape.ts";
import { slice } from "../movement/slicing.ts";
import { reduceSum } from "../reduction.ts";
import {
  addBias,
  attributeOptions,
  type ConvOptions,
  checkChannels,
  checkGradient,
  convAttributes,
  convAttributeTypes,
  convGeometries,
  convOptionsOf,
  convShapes,
  convWindow,
  eachProduct,
  gradientSamples,
  groupOf,
  inputSizeOf,
  outputShapeOf,
  spread,
  transposedSize,
} from "./conv-rules.ts";

export type { ConvOptions } from "./conv-rules.ts";

const convOp = defineOp({
  name: "Conv",
  doc: "y[n,o,i,j] = bias[o] + sum over c, k, l of x[n, c, i stride + k dilation - pad, j ...] w[o, c, k, l]",
  attributeTypes: convAttributeTypes,
  infer: (inputs, attributes) => {
    const [x, w, bias] = checkInputs("Conv", inputs, [
      { name: "x", rank: 4 },
      { name: "w", rank: 4 },
      { name: "bias", rank: 1, optional: true },
    ]);
    checkChannels("Conv", x.shape[1]!, w, groupOf("Conv", attributes), [x, w]);
    if (bias && bias.shape[0] !== w.shape[0]) rejectShape("Conv", "one bias for each output channel", [w, bias]);
    const window = convWindow("Conv", attributes, w.shape);
    return [{ dtype: "float32", shape: [x.shape[0]!, w.shape[0]!, ...outputSize("Conv", x, window)] }];
  },
  gradient: chain(({ dy, attributes }, x, w, bias?: Value) => {
    const options = attributeOptions(attributes, w.type.shape);
    return [
      convInputGradient(dy, w, { ...options, inputShape: x.type.shape }),
      convWeightGradient(x, dy, { ...options, kernelShape: w.type.shape.slice(2).map(Number) }),
      bias && reduceSum(dy, { axes: [0, 2, 3] }),
    ];
  }),
  reference: reference((attributes, x, w, bias?: ReferenceTensor) => {
    const shapes = convShapes("Conv", attributes, x.shape, w.shape);
    const y = filled(outputShapeOf(shapes));
    eachProduct(shapes, (i, j, k) => {
      y.data[k]! += x.data[i]! * w.data[j]!;
    });
    return addBias(y, bias);
  }),
  samples: convGeometries.map(([x, w, options], at) => ({
    inputs: [{ shape: x }, { shape: w }, ...(at % 2 === 0 ? [{ shape: [w[0]!] }] : [])],
    attributes: convAttributes(w.slice(2), options),
  })),
});

/**
 * x [N,C,H,W] convolved with w [O,C/group,kh,kw], plus bias [O]: [N,O,OH,OW].
 * Errors: GRAPH_SHAPE (channels, bias, window larger than the padded picture), GRAPH_ATTRIBUTE.
 */
export function conv(x: Value, w: Value, bias?: Value, options: ConvOptions = {}): Value {
  return apply1(convOp, bias ? [x, w, bias] : [x, w], convAttributes(w.type.shape.slice(2), options));
}

const convTransposeOp = defineOp({
  name: "ConvTranspose",
  doc: "y = the transpose of Conv as a linear map, applied to x, plus bias: each x[n,o,i,j] adds x w[o] where Conv would read",
  attributeTypes: { ...convAttributeTypes, output_padding: "ints" },
  infer: (inputs, attributes) => {
    const [x, w, bias] = checkInputs("ConvTranspose", inputs, [
      { name: "x", rank: 4 },
      { name: "w", rank: 4 },
      { name: "bias", rank: 1, optional: true },
    ]);
    if (x.shape[1] !== w.shape[0]) rejectShape("ConvTranspose", "x's channels = w's first dim", [x, w]);
    const group = groupOf("ConvTranspose", attributes);
    const channels = productOf([w.shape[1]!, group]);
    checkChannels("ConvTranspose", channels, w, group, [x, w]);
    if (bias && bias.shape[0] !== channels) rejectShape("ConvTranspose", "one bias for each output channel", [w, bias]);
    const size = transposedSize(attributes, x.shape, w.shape);
    if (size[0] < 1 || size[1] < 1) rejectShape("ConvTranspose", "pads smaller than the output", [x, w]);
    return [{ dtype: "float32", shape: [x.shape[0]!, channels, ...size] }];
  },
  gradient: chain(({ dy, attributes }, x, w, bias?: Value) => {
    const options = attributeOptions(attributes, w.type.shape);
    return [
      conv(dy, w, undefined, options),
      convWeightGradient(dy, x, { ...options, kernelShape: w.type.shape.slice(2).map(Number) }),
      bias && reduceSum(dy, { axes: [0, 2, 3] }),
    ];
  }),
  reference: reference((attributes, x, w, bias?: ReferenceTensor) => {
    const group = groupOf("ConvTranspose", attributes);
    const size = transposedSize(attributes, x.shape, w.shape);
    return addBias(spread(x, w, attributes, [x.shape[0]!, w.shape[1]! * group, ...size]), bias);
  }),
  samples: [
    { inputs: [{ shape: [2, 3, 4, 4] }, { shape: [3, 2, 3, 3] }, { shape: [2] }] },
    {
      inputs: [{ shape: [1, 4, 3, 3] }, { shape: [4, 2, 3, 2] }],
      attributes: { strides: [2, 3], pads: [1, 0, 1, 0], group: 2, output_padding: [1, 2] },
    },
    { inputs: [{ shape: [1, 2, 3, 3] }, { shape: [2, 1, 2, 2] }], attributes: { dilations: [2, 1], group: 2 } },
  ],
});

/**
 * x [N,O,OH,OW] spread by w [O,C/group,kh,kw] to [N,C,H,W]: Conv's transpose. Errors: GRAPH_SHAPE,
 * GRAPH_ATTRIBUTE.
 */
export function convTranspose(
  x: Value,
  w: Value,
  bias?: Value,
  options: ConvOptions & { readonly outputPadding?: readonly number[] } = {},
): Value {
  const { outputPadding = [0, 0], ...rest } = options;
  const attributes = { ...convAttributes(w.type.shape.slice(2), rest), output_padding: outputPadding };
  return apply1(convTransposeOp, bias ? [x, w, bias] : [x, w], attributes);
}

const inputGradientOp = defineOp({
  name: "ConvInputGradient",
  doc: "dx[n,c,p,q] = the sum of dy[n,o,i,j] w[o,c,k,l] over all products x w that Conv adds to y[n,o,i,j]",
  attributeTypes: { ...convAttributeTypes, input_size: "ints" },
  infer: (inputs, attributes) => {
    const [dy, w] = checkInputs("ConvInputGradient", inputs, [
      { name: "dy", rank: 4 },
      { name: "w", rank: 4 },
    ]);
    const group = groupOf("ConvInputGradient", attributes);
    const size = inputSizeOf(attributes);
    const shape = [dy.shape[0]!, productOf([w.shape[1]!, group]), ...size];
    const window = convWindow("ConvInputGradient", attributes, w.shape);
    checkGradient("ConvInputGradient", size, window, [dy, w], dy.shape[1] === w.shape[0]);
    return [{ dtype: "float32", shape }];
  },
  gradient: chain(({ dy: g, attributes }, dy, w) => {
    const options = attributeOptions(attributes, w.type.shape);
    return [
      conv(g, w, undefined, options),
      convWeightGradient(g, dy, { ...options, kernelShape: w.type.shape.slice(2).map(Number) }),
    ];
  }),
  reference: reference((attributes, dy, w) => {
    const channels = w.shape[1]! * groupOf("ConvInputGradient", attributes);
    return spread(dy, w, attributes, [dy.shape[0]!, channels, ...inputSizeOf(attributes)]);
  }),
  expand: ([dy, w], attributes) => [expandInputGradient(dy!, w!, attributes)],
  samples: gradientSamples((x, w, dy, attributes) => ({
    inputs: [{ shape: dy }, { shape: w }],
    attributes: { ...attributes, input_size: x.slice(2) },
  })),
});

/**
 * Conv's gradient with respect to its input, of shape `inputShape` [N,C,H,W] (H and W fixed).
 * Errors: GRAPH_SHAPE.
 */
export function convInputGradient(dy: Value, w: Value, options: ConvOptions & { readonly inputShape: Shape }): Value {
  const { inputShape, ...rest } = options;
  const attributes = convAttributes(w.type.shape.slice(2), rest);
  return apply1(inputGradientOp, [dy, w], { ...attributes, input_size: inputShape.slice(2).map(Number) });
}

/**
 * Stride 1: a Conv of dy with the weights transposed and rotated by half a turn. Otherwise a
 * ConvTranspose.
 */
function expandInputGradient(dy: Value, w: Value, attributes: Attributes): Value {
  const window = convWindow("ConvInputGradient", attributes, w.type.shape);
  const { kernel: size, strides, pads, dilations } = window;
  const group = groupOf("ConvInputGradient", attributes);
  const mirrored = [0, 1, 2, 3].map((edge) => dilations[edge % 2]! * (size[edge % 2]! - 1) - pads[edge]!);
  if (strides.every((stride) => stride === 1) && mirrored.every((edge) => edge >= 0)) {
    return conv(dy, rotate(swapChannels(w, group)), undefined, { dilations, pads: mirrored, group });
  }
  const options = convOptionsOf(window, group);
  const least = transposedSize(convAttributes(size, options), dy.type.shape, w.type.shape);
  const outputPadding = inputSizeOf(attributes).map((length, axis) => length - least[axis]!);
  return convTranspose(dy, w, undefined, { ...options, outputPadding });
}

/**
 * [O, C/group, kh, kw] as [C, O/group, kh, kw]: input and output channels change places inside each
 * group.
 */
function swapChannels(w: Value, group: number): Value {
  if (group === 1) return transpose(w, [1, 0, 2, 3]);
  const [outputs, perGroup, height, width] = quad(w.type.shape);
  const split = reshape(w, [group, outputs / group, perGroup, height, width]);
  return reshape(transpose(split, [0, 2, 1, 3, 4]), [group * perGroup, outputs / group, height, width]);
}

function rotate(w: Value): Value {
  const axes = [2, 3].filter((axis) => w.type.shape[axis] !== 1);
  if (axes.length === 0) return w;
  const each = (value: number) => axes.map(() => value);
  return slice(w, { starts: each(-1), ends: each(Number.MIN_SAFE_INTEGER), axes, steps: each(-1) });
}

const weightGradientOp = defineOp({
  name: "ConvWeightGradient",
  doc: "dw[o,c,k,l] = the sum of dy[n,o,i,j] x[n,c,p,q] over all products x w[o,c,k,l] that Conv adds to y[n,o,i,j]",
  attributeTypes: convAttributeTypes,
  infer: (inputs, attributes) => {
    const [x, dy] = checkInputs("ConvWeightGradient", inputs, [
      { name: "x", rank: 4 },
      { name: "dy", rank: 4 },
    ]);
    const group = groupOf("ConvWeightGradient", attributes);
    const window = windowOf("ConvWeightGradient", attributes);
    const channels = Number(x.shape[1]) / group;
    const fits = x.shape[0] === dy.shape[0] && Number.isInteger(channels) && Number(dy.shape[1]) % group === 0;
    checkGradient("ConvWeightGradient", pair(x.shape.slice(2).map(Number)), window, [dy, x], fits);
    return [{ dtype: "float32", shape: [dy.shape[1]!, channels, ...window.kernel] }];
  },
  gradient: chain(({ dy: g, attributes }, x, dy) => {
    const options = attributeOptions(attributes, g.type.shape);
    return [convInputGradient(dy, g, { ...options, inputShape: x.type.shape }), conv(x, g, undefined, options)];
  }),
  reference: reference((attributes, x, dy) => {
    const window = windowOf("ConvWeightGradient", attributes);
    const group = groupOf("ConvWeightGradient", attributes);
    const dw = filled([dy.shape[1]!, x.shape[1]! / group, ...window.kernel]);
    eachProduct({ x: x.shape, w: dw.shape, window, group }, (i, j, k) => {
      dw.data[j]! += x.data[i]! * dy.data[k]!;
    });
    return dw;
  }),
  expand: ([x, dy], attributes) => [expandWeightGradient(x!, dy!, attributes)],
  samples: gradientSamples((x, _, dy, attributes) => ({ inputs: [{ shape: x }, { shape: dy }], attributes })),
});

/**
 * Conv's gradient with respect to its weights: [O, C/group, ...kernelShape]. Errors: GRAPH_SHAPE.
 */
export function convWeightGradient(
  x: Value,
  dy: Value,
  options: ConvOptions & { readonly kernelShape: readonly number[] },
): Value {
  const { kernelShape, ...rest } = options;
  return apply1(weightGradientOp, [x, dy], convAttributes(kernelShape, rest));
}

/**
 * A Conv in which batch and channels change places: x is the picture, dy the kernel, and strides
 * and dilations change roles. Groups go into the channel axis as [group, N], so that each group of
 * outputs sees its own channels.
 */
function expandWeightGradient(x: Value, dy: Value, attributes: Attributes): Value {
  const { kernel: size, strides, pads, dilations } = windowOf("ConvWeightGradient", attributes);
  const group = groupOf("ConvWeightGradient", attributes);
  // Rows and columns at the bottom right that no window reached would give the result more than kh
  // x kw elements.
  const unused = [0, 1].map((axis) => {
    const length = Number(x.type.shape[axis + 2]) + pads[axis]! + pads[axis + 2]!;
    const reached = strides[axis]! * (Number(dy.type.shape[axis + 2]) - 1) + dilations[axis]! * (size[axis]! - 1) + 1;
    return length - reached;
  });
  const trimmed = [pads[0], pads[1], Math.max(0, pads[2] - unused[0]!), Math.max(0, pads[3] - unused[1]!)];
  const picture = batchToChannels(x, group);
  const kernels = transpose(dy, [1, 0, 2, 3]);
  const swapped = { strides: dilations, dilations: strides, pads: trimmed, group };
  const y = conv(picture, kernels, undefined, swapped);
  const exact = sameShape(y.type.shape.slice(2), size) ? y : slice(y, { starts: [0, 0], ends: size, axes: [2, 3] });
  return transpose(exact, [1, 0, 2, 3]);
}

/** [N, C, H, W] as [C/group, group N, H, W]. */
function batchToChannels(x: Value, group: number): Value {
  if (group === 1) return transpose(x, [1, 0, 2, 3]);
  const [batch, channels, height, width] = x.type.shape;
  const perGroup = Number(channels) / group;
  const split = transpose(reshape(x, [batch!, group, perGroup, height!, width!]), [2, 1, 0, 3, 4]);
  return reshape(split, [perGroup, productOf([batch!, group]), height!, width!]);
}
