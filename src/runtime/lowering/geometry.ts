/**
 * The sizes of a two-dimensional convolution, read once from a node and used by every rule of the
 * fast path.
 */
import type { Attributes } from "../../graph/op.ts";
import { isStatic } from "../../graph/tensor-type.ts";
import type { Value } from "../../graph/value.ts";

export type Pair = readonly [number, number];
export type Quad = readonly [number, number, number, number];

export interface ConvGeometry {
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly group: number;
  /** Height and width of x, of y, and of the weights. */
  readonly input: Pair;
  readonly output: Pair;
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** top, left, bottom, right */
  readonly pads: Quad;
}

/** `undefined` where the picture is not four-dimensional or its sizes are not all fixed. */
export function convGeometry(
  x: Value,
  weightShape: readonly unknown[],
  y: Value,
  attributes: Attributes,
): ConvGeometry | undefined {
  if (!isPicture(x) || !isPicture(y)) return undefined;
  const [batch, inChannels, height, width] = x.type.shape as Quad;
  const [, outChannels, outHeight, outWidth] = y.type.shape as Quad;
  const [, , kh, kw] = weightShape as Quad;
  return {
    batch,
    inChannels,
    outChannels,
    group: Number(attributes.group ?? 1),
    input: [height, width],
    output: [outHeight, outWidth],
    kernel: [kh, kw],
    strides: (attributes.strides ?? [1, 1]) as Pair,
    dilations: (attributes.dilations ?? [1, 1]) as Pair,
    pads: (attributes.pads ?? [0, 0, 0, 0]) as Quad,
  };
}

export function isPicture(value: Value): boolean {
  return value.type.dtype === "float32" && value.type.shape.length === 4 && isStatic(value.type.shape);
}

export function isDepthwise(g: ConvGeometry): boolean {
  return g.group > 1 && g.group === g.inChannels && g.group === g.outChannels;
}
