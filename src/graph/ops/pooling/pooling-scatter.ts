/** How the gradients of pooling put what windows hold back into pictures. */
import { productOf } from "../../dims.ts";
import type { Shape, TensorData } from "../../tensor-type.ts";
import { constant, type Value } from "../../value.ts";
import type { Pair, Window } from "../../window.ts";
import { convTranspose } from "../convolution/conv.ts";
import { reshape } from "../movement/shape.ts";
import { pad, slice } from "../movement/slicing.ts";

/** Whether windows lie side by side without gap, overlap or padding. */
export function tiles({ kernel, strides, pads, dilations }: Window): boolean {
  const dense = dilations.every((dilation, axis) => dilation === 1 || kernel[axis] === 1);
  return dense && kernel.every((size, axis) => size === strides[axis]) && pads.every((count) => count === 0);
}

/**
 * The part of x that `size` windows of kernel x kernel cover; x itself where they cover all of it.
 */
export function tiled(x: Value, size: Pair, kernel: Pair): Value {
  const ends = [size[0] * kernel[0], size[1] * kernel[1]];
  const whole = ends[0] === x.type.shape[2] && ends[1] === x.type.shape[3];
  return whole ? x : slice(x, { starts: [0, 0], ends, axes: [2, 3] });
}

/** x with zeros at the bottom and right up to height and width `size`. */
export function padTo(x: Value, size: Pair): Value {
  return pad(x, [0, 0, 0, 0, 0, 0, size[0] - Number(x.type.shape[2]), size[1] - Number(x.type.shape[3])]);
}

/** [N,C,H,W] as [N C,1,H,W]. */
export function planes(x: Value): Value {
  const [batch, channels, height, width] = x.type.shape;
  return reshape(x, [productOf([batch!, channels!]), 1, height!, width!]);
}

/**
 * Adds each window's values [N C,K,OH,OW], spread by kernels [K,1,kh,kw], into a tensor of shape x
 * [N,C,H,W].
 */
export function scatter(values: Value, kernels: TensorData, window: Window, x: Shape): Value {
  const { kernel, strides, pads, dilations } = window;
  const outputPadding = [0, 1].map((axis) => {
    const span = dilations[axis]! * (kernel[axis]! - 1) + 1;
    const reached = strides[axis]! * (Number(values.type.shape[axis + 2]) - 1) + span - pads[axis]! - pads[axis + 2]!;
    return Number(x[axis + 2]) - reached;
  });
  const spread = convTranspose(values, constant(kernels), undefined, { strides, pads, dilations, outputPadding });
  return reshape(spread, x);
}
