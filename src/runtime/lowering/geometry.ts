/**
 * The sizes of a two-dimensional convolution, read once from a node and used by every rule of the
 * fast path.
 */
import type { Attributes } from "../../graph/op.ts";
import { numberAttribute } from "../../graph/shape-rules.ts";
import { isStatic, type Shape } from "../../graph/tensor-type.ts";
import type { Value } from "../../graph/value.ts";
import { type Edges, type Pair, pairAttribute, quad, quadAttribute } from "../../graph/window.ts";

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
  readonly pads: Edges;
}

/** `undefined` where the picture is not four-dimensional or its sizes are not all fixed. */
export function convGeometry(x: Value, weightShape: Shape, y: Value, attributes: Attributes): ConvGeometry | undefined {
  if (!isPicture(x) || !isPicture(y)) return undefined;
  const [batch, inChannels, height, width] = quad(x.type.shape);
  const [, outChannels, outHeight, outWidth] = quad(y.type.shape);
  const [, , kh, kw] = quad(weightShape);
  return {
    batch,
    inChannels,
    outChannels,
    group: numberAttribute(attributes, "group", 1),
    input: [height, width],
    output: [outHeight, outWidth],
    kernel: [kh, kw],
    strides: pairAttribute(attributes, "strides", [1, 1]),
    dilations: pairAttribute(attributes, "dilations", [1, 1]),
    pads: quadAttribute(attributes, "pads", [0, 0, 0, 0]),
  };
}

export function isPicture(value: Value): boolean {
  return value.type.dtype === "float32" && value.type.shape.length === 4 && isStatic(value.type.shape);
}

export function isDepthwise(g: ConvGeometry): boolean {
  return g.group > 1 && g.group === g.inChannels && g.group === g.outChannels;
}
