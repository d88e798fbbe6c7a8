/** What the pooling ops share: attributes, window checks, samples, and the float64 loop. */
import type { Attributes, OpSample } from "../../op.ts";
import { onlyAttribute, rejectAttribute } from "../../shape-rules.ts";
import { sizeOf, type TensorType } from "../../tensor-type.ts";
import {
  outputSize,
  type Pair,
  pair,
  positions,
  tapsOf,
  type Window,
  windowAttributes,
  windowOf,
} from "../../window.ts";

export interface PoolOptions {
  readonly kernel: readonly number[];
  /** Rows and columns between window positions; the kernel's size unless given. */
  readonly strides?: readonly number[];
  /**
   * Rows and columns added at the top, left, bottom and right, which no window counts; none unless
   * given.
   */
  readonly pads?: readonly number[];
  readonly dilations?: readonly number[];
}

export function poolAttributes(options: PoolOptions): Attributes {
  const { kernel: size, strides = size, pads = [0, 0, 0, 0], dilations = [1, 1] } = options;
  return { kernel_shape: size, strides, pads, dilations };
}

/** The options that a pooling node's attributes stand for. */
export function optionsFrom(op: string, attributes: Attributes): PoolOptions {
  const { kernel, strides, pads, dilations } = poolWindow(op, attributes);
  return { kernel, strides, pads, dilations };
}

export const poolAttributeTypes = { ...windowAttributes, ceil_mode: "int" } as const;

export function poolWindow(op: string, attributes: Attributes): Window {
  onlyAttribute(op, attributes, "ceil_mode", 0);
  onlyAttribute(op, attributes, "storage_order", 0);
  onlyAttribute(op, attributes, "count_include_pad", 0);
  const window = windowOf(op, attributes);
  if (window.pads.some((count, edge) => count >= window.kernel[edge % 2]!)) {
    rejectAttribute(op, `pads smaller than the kernel ${window.kernel.join("x")}`, window.pads);
  }
  return window;
}

const geometries: readonly (readonly [x: readonly number[], options: PoolOptions])[] = [
  [[2, 2, 4, 6], { kernel: [2, 2] }],
  [[1, 2, 7, 5], { kernel: [2, 2] }],
  [[2, 1, 6, 6], { kernel: [3, 3] }],
  [[1, 2, 7, 7], { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[1, 2, 5, 6], { kernel: [3, 2], strides: [1, 1], pads: [1, 0, 1, 1] }],
  [[2, 1, 5, 5], { kernel: [1, 2], strides: [3, 2] }],
  [[1, 2, 5, 6], { kernel: [2, 2], pads: [1, 0, 0, 1] }],
  [[1, 1, 7, 6], { kernel: [3, 2], strides: [2, 1], dilations: [2, 3], pads: [1, 1, 0, 1] }],
];

const inf = Number.POSITIVE_INFINITY;

export const poolSamples: readonly OpSample[] = [
  ...geometries.map(([shape, options]) => ({ inputs: [{ shape }], attributes: poolAttributes(options) })),
  {
    inputs: [{ shape: [1, 1, 2, 6], values: [-inf, -inf, inf, 1, -inf, 2, -inf, -inf, 1, 2, 3, 3e38] }],
    attributes: poolAttributes({ kernel: [2, 2] }),
  },
];

/** The samples of AveragePool's gradient: dy of the shape that each geometry gives. */
export const averageGradientSamples: readonly OpSample[] = geometries.map(([x, options]) => {
  const attributes = poolAttributes(options);
  const size = pair(x.slice(2));
  const dy = [...x.slice(0, 2), ...positions(size, windowOf("AveragePool", attributes))];
  return { inputs: [{ shape: dy }], attributes: { ...attributes, input_size: size } };
});

export function pooledType(op: string, x: TensorType, attributes: Attributes): TensorType {
  return { dtype: "float32", shape: [...x.shape.slice(0, 2), ...outputSize(op, x, poolWindow(op, attributes))] };
}

/**
 * Calls `visit` with the flat offsets of each element of x [N,C,H,W] and of a window position that
 * sees it.
 */
export function eachSeen(x: readonly number[], window: Window, visit: (x: number, y: number) => void): void {
  const size = pair(x.slice(2));
  const taps = tapsOf(size, window);
  const planes = [sizeOf(size), sizeOf(positions(size, window))] as const;
  for (let plane = 0; plane < x[0]! * x[1]!; plane++) {
    for (let t = 0; t < taps.length; t += 3) visit(plane * planes[0] + taps[t]!, plane * planes[1] + taps[t + 1]!);
  }
}

/** How many elements of a picture each window position sees. */
export function seenCounts(size: Pair, window: Window): Float64Array {
  const counts = new Float64Array(sizeOf(positions(size, window)));
  eachSeen([1, 1, ...size], window, (_, to) => {
    counts[to]! += 1;
  });
  return counts;
}
