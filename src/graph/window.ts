/**
 * Sliding windows over height and width: the geometry that convolutions and pooling share, and
 * their float64 loops.
 */
import { AppError } from "../base/errors.ts";
import { type Attributes, rejectShape } from "./op.ts";
import { listAttribute, onlyAttribute, rejectAttribute } from "./shape-rules.ts";
import { type Dim, fixedShape, formatShape, type Shape, type TensorType } from "./tensor-type.ts";

export type Pair = readonly [height: number, width: number];
export type Edges = readonly [top: number, left: number, bottom: number, right: number];
export type Quad = readonly [number, number, number, number];

export interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly pads: Edges;
  readonly dilations: Pair;
}

export const windowAttributes = {
  kernel_shape: "ints",
  strides: "ints",
  pads: "ints",
  dilations: "ints",
  auto_pad: "string",
} as const;

/**
 * Reads a window from an op's attributes. Errors: GRAPH_ATTRIBUTE for a wrong number or range of
 * numbers.
 */
export function windowOf(op: string, attributes: Attributes, kernel?: readonly Dim[]): Window {
  onlyAttribute(op, attributes, "auto_pad", "NOTSET");
  const list = (name: string, fallback: readonly number[], least: number): readonly number[] => {
    const found = listAttribute(attributes, name, fallback);
    const fits = found.length === fallback.length && found.every((value) => Number.isInteger(value) && value >= least);
    if (!fits) rejectAttribute(op, `${name} = ${fallback.length} whole numbers >= ${least}`, found);
    return found;
  };
  const size = listAttribute(attributes, "kernel_shape", (kernel ?? []).map(Number));
  if (size.length !== 2 || !size.every((value) => Number.isInteger(value) && value >= 1)) {
    rejectAttribute(op, "kernel_shape = 2 whole numbers >= 1", size);
  }
  const [top, left, bottom, right] = list("pads", [0, 0, 0, 0], 0);
  return {
    kernel: [size[0]!, size[1]!],
    strides: pair(list("strides", [1, 1], 1)),
    pads: [top!, left!, bottom!, right!],
    dilations: pair(list("dilations", [1, 1], 1)),
  };
}

export function pair(values: readonly number[]): Pair {
  return [values[0]!, values[1]!];
}

/**
 * The four fixed sizes of a picture or of convolution weights. Errors: INTERNAL for any other
 * shape.
 */
export function quad(shape: Shape): Quad {
  const [a, b, c, d] = fixedShape(shape);
  if (shape.length === 4) return [a!, b!, c!, d!];
  throw new AppError("INTERNAL", { required: "a shape of four axes", received: formatShape(shape) });
}

/** A list attribute of a node whose shape rule has held it to that length. */
export function pairAttribute(attributes: Attributes, name: string, fallback: Pair): Pair {
  return pair(listAttribute(attributes, name, fallback));
}

/** As `pairAttribute`, of four numbers. */
export function quadAttribute(attributes: Attributes, name: string, fallback: Quad): Quad {
  return quad(listAttribute(attributes, name, fallback));
}

/** The same computation for height (axis 0) and width (axis 1). */
export function overBoth(compute: (axis: 0 | 1) => number): Pair {
  return [compute(0), compute(1)];
}

/**
 * How many window positions fit: floor((size + pads - dilation (kernel - 1) - 1) / stride) + 1, for
 * height and width.
 */
export function positions(size: Pair, { kernel, strides, pads, dilations }: Window): Pair {
  return overBoth((axis) => {
    const span = dilations[axis] * (kernel[axis] - 1) + 1;
    return Math.floor((size[axis] + pads[axis] + pads[axis + 2]! - span) / strides[axis]) + 1;
  });
}

/** Height and width of an NCHW tensor. Errors: GRAPH_SHAPE where they are symbolic. */
export function spatialSize(op: string, type: TensorType): Pair {
  const [height, width] = type.shape.slice(2);
  if (typeof height !== "number" || typeof width !== "number") rejectShape(op, "a fixed height and width", [type]);
  return [height, width];
}

/**
 * The output's height and width. Errors: GRAPH_SHAPE where the window is larger than the padded
 * picture.
 */
export function outputSize(op: string, x: TensorType, window: Window): Pair {
  const size = positions(spatialSize(op, x), window);
  if (size[0] < 1 || size[1] < 1) {
    const text = `kernel ${window.kernel.join("x")}, dilations ${window.dilations.join(",")}, pads ${window.pads.join(",")}`;
    rejectShape(op, `a window no larger than the padded picture (${text})`, [x]);
  }
  return size;
}

/**
 * Every triple of a picture's element, the window position that sees it, and the kernel element
 * through which it does: flat offsets inside an H x W picture, an OH x OW output and a kh x kw
 * kernel, one triple after the other.
 */
export function tapsOf(size: Pair, window: Window): Int32Array {
  const [outputHeight, outputWidth] = positions(size, window);
  const { kernel, strides, pads, dilations } = window;
  const taps: number[] = [];
  for (let oy = 0; oy < outputHeight; oy++) {
    for (let ky = 0; ky < kernel[0]; ky++) {
      const y = oy * strides[0] - pads[0] + ky * dilations[0];
      if (y < 0 || y >= size[0]) continue;
      for (let ox = 0; ox < outputWidth; ox++) {
        for (let kx = 0; kx < kernel[1]; kx++) {
          const x = ox * strides[1] - pads[1] + kx * dilations[1];
          if (x >= 0 && x < size[1]) taps.push(y * size[1] + x, oy * outputWidth + ox, ky * kernel[1] + kx);
        }
      }
    }
  }
  return Int32Array.from(taps);
}
