/**
 * What Conv, ConvTranspose and the two gradients of Conv share: attributes, channel counts, and the
 * float64 loop.
 */
import { divideDims, productOf } from "../../dims.ts";
import { type Attributes, type OpSample, type ReferenceTensor, rejectShape } from "../../op.ts";
import { filled } from "../../reference-tensor.ts";
import { listAttribute, numberAttribute, rejectAttribute } from "../../shape-rules.ts";
import { type Dim, type Shape, sameShape, sizeOf, type TensorType } from "../../tensor-type.ts";
import { overBoth, type Pair, pair, positions, tapsOf, type Window, windowAttributes, windowOf } from "../../window.ts";

export interface ConvOptions {
  /** Rows and columns between window positions; [1, 1] unless given. */
  readonly strides?: readonly number[];
  /** Zero rows and columns added at the top, left, bottom and right; none unless given. */
  readonly pads?: readonly number[];
  readonly dilations?: readonly number[];
  /**
   * Into how many groups the channels fall that do not see each other; as many as channels is
   * depthwise.
   */
  readonly group?: number;
}

export const convAttributeTypes = { ...windowAttributes, group: "int" } as const;

export function convAttributes(kernel: readonly Dim[], options: ConvOptions): Attributes {
  const { strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], group = 1 } = options;
  return { kernel_shape: kernel.map(Number), strides, pads, dilations, group };
}

/** The options that a conv node's window and group stand for. */
export function convOptionsOf(window: Window, group: number): Required<ConvOptions> {
  return { strides: window.strides, pads: window.pads, dilations: window.dilations, group };
}

export function groupOf(op: string, attributes: Attributes): number {
  const group = numberAttribute(attributes, "group", 1);
  if (!Number.isInteger(group) || group < 1) rejectAttribute(op, "group = a whole number >= 1", group);
  return group;
}

/**
 * Weights are [O, C / group, kh, kw]: refuses weights that do not fit C channels or O outputs.
 * Errors: GRAPH_SHAPE.
 */
export function checkChannels(
  op: string,
  channels: Dim,
  weights: TensorType,
  group: number,
  shown: readonly TensorType[],
) {
  const groups = group === 1 ? "" : ` (group ${group})`;
  if (productOf([weights.shape[1]!, group]) !== channels) {
    rejectShape(op, `weight channels = input channels / groups${groups}`, shown);
  }
  if (divideDims(weights.shape[0]!, group) === undefined) {
    rejectShape(op, `output channels that are a multiple of the groups${groups}`, shown);
  }
}

/** The three tensors of a convolution by shape, whichever of them is the one that is computed. */
export interface ConvShapes {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly window: Window;
  readonly group: number;
}

export function outputShapeOf({ x, w, window }: ConvShapes): readonly number[] {
  return [x[0]!, w[0]!, ...positions([x[2]!, x[3]!], window)];
}

/**
 * Calls `visit` with the flat offsets of every product x w that a convolution adds to an element of
 * y.
 */
export function eachProduct(shapes: ConvShapes, visit: (x: number, w: number, y: number) => void): void {
  const { x, w, window, group } = shapes;
  const size: Pair = [x[2]!, x[3]!];
  const taps = tapsOf(size, window);
  const planes = { x: sizeOf(size), w: sizeOf(window.kernel), y: sizeOf(positions(size, window)) };
  const [perGroup, outputs] = [w[1]!, w[0]!];
  for (let n = 0; n < x[0]!; n++) {
    for (let o = 0; o < outputs; o++) {
      for (let c = 0; c < perGroup; c++) {
        const channel = Math.floor(o / (outputs / group)) * perGroup + c;
        const xAt = (n * x[1]! + channel) * planes.x;
        const wAt = (o * perGroup + c) * planes.w;
        const yAt = (n * outputs + o) * planes.y;
        for (let t = 0; t < taps.length; t += 3) visit(xAt + taps[t]!, wAt + taps[t + 2]!, yAt + taps[t + 1]!);
      }
    }
  }
}

/** Adds bias[c] to every element of channel c of y, in place. */
export function addBias(y: ReferenceTensor, bias: ReferenceTensor | undefined): ReferenceTensor {
  if (!bias) return y;
  const plane = sizeOf(y.shape.slice(2));
  for (const at of y.data.keys()) y.data[at]! += bias.data[Math.floor(at / plane) % y.shape[1]!]!;
  return y;
}

/** stride (size - 1) + output_padding + dilation (kernel - 1) + 1 - pads, for height and width. */
export function transposedSize(attributes: Attributes, x: Shape, w: Shape): Pair {
  const { kernel: size, strides, pads, dilations } = convWindow("ConvTranspose", attributes, w);
  const extra = listAttribute(attributes, "output_padding", [0, 0]);
  return overBoth((axis) => {
    const span = dilations[axis] * (size[axis] - 1) + 1;
    return strides[axis] * (Number(x[axis + 2]) - 1) + (extra[axis] ?? 0) + span - pads[axis] - pads[axis + 2]!;
  });
}

export function convWindow(op: string, attributes: Attributes, w: Shape): Window {
  const window = windowOf(op, attributes, w.slice(2));
  if (!sameShape(window.kernel, w.slice(2))) {
    rejectAttribute(op, `kernel_shape = the weights' ${w.slice(2).join("x")}`, window.kernel);
  }
  return window;
}

export function attributeOptions(attributes: Attributes, w: Shape): Required<ConvOptions> {
  return convOptionsOf(convWindow("Conv", attributes, w), groupOf("Conv", attributes));
}

export function convShapes(op: string, attributes: Attributes, x: readonly number[], w: readonly number[]) {
  return { x, w, window: convWindow(op, attributes, w), group: groupOf(op, attributes) };
}

export function inputSizeOf(attributes: Attributes): Pair {
  return pair(listAttribute(attributes, "input_size", []));
}

/** Holds a gradient op to the convolution that it belongs to. Errors: GRAPH_SHAPE. */
export function checkGradient(
  op: string,
  size: Pair,
  window: Window,
  [dy, other]: readonly [TensorType, TensorType],
  channelsFit: boolean,
): void {
  if (channelsFit && sameShape(positions(size, window), dy.shape.slice(2))) return;
  const { kernel, strides, pads, dilations } = window;
  const geometry = `kernel ${kernel.join("x")}, strides ${strides}, pads ${pads}, dilations ${dilations}`;
  rejectShape(op, `dy of the shape that Conv gives for a ${size.join("x")} picture (${geometry})`, [dy, other]);
}

/** Conv's transpose in float64: y [N,O,OH,OW] spread by w to a tensor of shape `x`. */
export function spread(
  y: ReferenceTensor,
  w: ReferenceTensor,
  attributes: Attributes,
  x: readonly number[],
): ReferenceTensor {
  const result = filled(x);
  eachProduct(convShapes("ConvTranspose", attributes, x, w.shape), (i, j, k) => {
    result.data[i]! += y.data[k]! * w.data[j]!;
  });
  return result;
}

/** Geometries that every op of conv.ts is tried on: [x, w, options]. */
export const convGeometries: readonly (readonly [x: readonly number[], w: readonly number[], options: ConvOptions])[] =
  [
    [[2, 3, 5, 5], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }],
    [[2, 2, 6, 5], [3, 2, 3, 2], { strides: [2, 1], pads: [0, 1, 1, 0] }],
    [[1, 2, 7, 7], [2, 2, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }],
    [[2, 4, 5, 5], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }],
    [[2, 3, 5, 5], [3, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }],
    [[2, 3, 6, 6], [6, 1, 3, 3], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }],
    [[2, 4, 7, 6], [4, 2, 3, 2], { group: 2, strides: [3, 2], dilations: [1, 2], pads: [1, 0, 0, 1] }],
    [[1, 2, 8, 8], [2, 2, 1, 1], { strides: [3, 3] }],
    [[1, 2, 4, 4], [3, 2, 1, 1], { pads: [1, 1, 1, 1] }],
    [[1, 1, 4, 4], [1, 1, 4, 4], {}],
  ];

/** The samples of a gradient op: one for each geometry, from the shapes of x, w and dy. */
export function gradientSamples(
  sample: (x: readonly number[], w: readonly number[], dy: readonly number[], attributes: Attributes) => OpSample,
): readonly OpSample[] {
  return convGeometries.map(([x, w, options]) => {
    const attributes = convAttributes(w.slice(2), options);
    return sample(x, w, outputShapeOf(convShapes("Conv", attributes, x, w)), attributes);
  });
}
