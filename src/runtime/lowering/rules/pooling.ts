/** Pooling in the blocked layout, and its gradients where windows tile the picture exactly. */
import type { Op } from "../../../graph/op.ts";
import { div, mul, neg } from "../../../graph/ops/elementwise/elementwise.ts";
import { reshape } from "../../../graph/ops/movement/movement.ts";
import { apply1, constant, type GraphNode, scalar, type Value } from "../../../graph/value.ts";
import { type Pair, pairAttribute, quad, quadAttribute } from "../../../graph/window.ts";
import { type BlockedLayout, channelAffine, finish, type RewriteContext, type Rule } from "../blocked-layout.ts";
import { isPicture } from "../geometry.ts";
import { carriedScale } from "./normalisation.ts";

const maxPool: Rule = (node, context) => pooled(node, context, context.ops.maxPool, {});
const averagePool: Rule = (node, context) =>
  pooled(node, context, context.ops.averagePool, { count_include_pad: Number(node.attributes.count_include_pad ?? 0) });

function pooled(node: GraphNode, context: RewriteContext, op: Op, extra: Readonly<Record<string, number>>): boolean {
  const [x] = node.inputs;
  if (!context.isBlocked(x) || Number(node.attributes.ceil_mode ?? 0) !== 0) return false;
  context.setBlocked(node, apply1(op, [context.blocked(x!)], { ...window(node), ...extra }));
  return true;
}

const globalAveragePool: Rule = (node, context) => {
  const [x] = node.inputs;
  if (!context.isBlocked(x)) return false;
  context.setBlocked(node, apply1(context.ops.globalAveragePool, [context.blocked(x!)]));
  return true;
};

/** Each window's gradient goes to the elements that equal its maximum, in equal shares. */
const maxPoolGradient: Rule = (node, context) => {
  const [dy, x, y] = node.inputs;
  if (!context.isBlocked(x) || !tilesExactly(node, x!)) return false;
  const { kernel_shape: kernel } = window(node);
  const channels = Number(x!.type.shape[1]);
  // 1 where x equals its window's maximum, else 0: clip(1e30 (x - max) + 1, 0, 1), in the pass that
  // subtracts.
  const below = repeat(neg(context.blocked(y!)), kernel, context);
  const mask = finish(context.ops, channelAffine({ x: context.blocked(x!), scale: vector(channels, 1) }, below), {
    activation: "HardSigmoid",
    activation_params: [1e30, 1],
  });
  const share = apply1(context.ops.averagePool, [mask], { ...window(node), count_include_pad: 0 });
  const perElement = div(div(context.blocked(dy!), share), scalar(kernel[0] * kernel[1]));
  context.setBlocked(node, mul(mask, repeat(perElement, kernel, context)));
  return true;
};

const averagePoolGradient: Rule = (node, context) => {
  const [dy] = node.inputs;
  const dx = node.outputs[0]!;
  if (!context.isBlocked(dy) || !isPicture(dx) || !tilesExactly(node, dx)) return false;
  const { kernel_shape: kernel } = window(node);
  context.setBlocked(node, repeat(div(context.blocked(dy!), scalar(kernel[0] * kernel[1])), kernel, context));
  return true;
};

/** One pixel per picture spread over a whole picture: the gradient of a global average. */
const expand: Rule = (node, context) => {
  if (!lowersExpand(node, context)) return false;
  const [x] = node.inputs;
  const [, c, h, w] = quad(node.outputs[0]!.type.shape);
  const scale = carriedScale(node, context);
  // A picture of one pixel is the same plain and blocked.
  const pixel = scale ? mul(context.plain(x!), reshape(scale, [1, c, 1, 1])) : context.blocked(x!);
  context.setBlocked(node, repeat(pixel, [h, w], context));
  return true;
};

/** Whether the fast path takes this node, and can therefore multiply a factor into its input. */
export function lowersExpand(node: GraphNode, layout: BlockedLayout): boolean {
  const [x] = node.inputs;
  const output = node.outputs[0]!;
  if (node.op.name !== "Expand" || !x || !isPicture(output) || !isPicture(x)) return false;
  const [n, c, h, w] = quad(output.type.shape);
  const from = quad(x.type.shape);
  return layout.fills(c) && from[0] === n && from[1] === c && from[2] === 1 && from[3] === 1 && h * w > 1;
}

export const poolingRules = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
  MaxPoolGradient: maxPoolGradient,
  AveragePoolGradient: averagePoolGradient,
  Expand: expand,
};

function window(node: GraphNode) {
  return {
    kernel_shape: pairAttribute(node.attributes, "kernel_shape", [1, 1]),
    strides: pairAttribute(node.attributes, "strides", [1, 1]),
    pads: quadAttribute(node.attributes, "pads", [0, 0, 0, 0]),
    dilations: [1, 1],
  };
}

function tilesExactly(node: GraphNode, x: Value): boolean {
  const { kernel_shape: kernel, strides, pads } = window(node);
  const [, , height, width] = quad(x.type.shape);
  const tiled = kernel[0] === strides[0] && kernel[1] === strides[1] && pads.every((pad) => pad === 0);
  return tiled && height % kernel[0] === 0 && width % kernel[1] === 0;
}

function repeat(value: Value, scales: Pair, context: RewriteContext): Value {
  return apply1(context.ops.upsample, [value], { scales: [1, 1, ...scales], mode: "nearest" });
}

function vector(size: number, fill: number): Value {
  return constant({ dtype: "float32", shape: [size], data: new Float32Array(size).fill(fill) });
}
