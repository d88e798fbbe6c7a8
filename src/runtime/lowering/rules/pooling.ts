/** Pooling in the blocked layout, and its gradients where windows tile the picture exactly. */
import type { Op } from "../../../graph/op.ts";
import { div, mul, neg } from "../../../graph/ops/elementwise/elementwise.ts";
import { reshape } from "../../../graph/ops/movement/movement.ts";
import { apply1, constant, type GraphNode, scalar, type Value } from "../../../graph/value.ts";
import { channelAffine, type Forming, type Layout, type Rule } from "../blocked-layout.ts";
import { isPicture, type Pair, type Quad } from "../geometry.ts";
import { carriedScale } from "./normalisation.ts";

const maxPool: Rule = (node, layout) => pooled(node, layout, layout.ops.maxPool, {});
const averagePool: Rule = (node, layout) =>
  pooled(node, layout, layout.ops.averagePool, { count_include_pad: Number(node.attributes.count_include_pad ?? 0) });

function pooled(node: GraphNode, layout: Layout, op: Op, extra: Readonly<Record<string, number>>): boolean {
  const [x] = node.inputs;
  if (!layout.isBlocked(x) || Number(node.attributes.ceil_mode ?? 0) !== 0) return false;
  layout.setBlocked(node, apply1(op, [layout.blocked(x!)], { ...window(node), ...extra }));
  return true;
}

const globalAveragePool: Rule = (node, layout) => {
  const [x] = node.inputs;
  if (!layout.isBlocked(x)) return false;
  layout.setBlocked(node, apply1(layout.ops.globalAveragePool, [layout.blocked(x!)]));
  return true;
};

/** Each window's gradient goes to the elements that equal its maximum, in equal shares. */
const maxPoolGradient: Rule = (node, layout) => {
  const [dy, x, y] = node.inputs;
  if (!layout.isBlocked(x) || !tilesExactly(node, x!)) return false;
  const kernel = node.attributes.kernel_shape as Pair;
  const channels = Number(x!.type.shape[1]);
  // 1 where x equals its window's maximum, else 0: clip(1e30 (x - max) + 1, 0, 1), in the pass that
  // subtracts.
  const mask = channelAffine(
    layout.ops,
    { x: layout.blocked(x!), scale: vector(channels, 1) },
    { activation: "HardSigmoid", activation_params: [1e30, 1] },
    repeat(neg(layout.blocked(y!)), kernel, layout),
  );
  const share = apply1(layout.ops.averagePool, [mask], { ...window(node), count_include_pad: 0 });
  const perElement = div(div(layout.blocked(dy!), share), scalar(kernel[0] * kernel[1]));
  layout.setBlocked(node, mul(mask, repeat(perElement, kernel, layout)));
  return true;
};

const averagePoolGradient: Rule = (node, layout) => {
  const [dy] = node.inputs;
  const dx = node.outputs[0]!;
  if (!layout.isBlocked(dy) || !isPicture(dx) || !tilesExactly(node, dx)) return false;
  const kernel = node.attributes.kernel_shape as Pair;
  layout.setBlocked(node, repeat(div(layout.blocked(dy!), scalar(kernel[0] * kernel[1])), kernel, layout));
  return true;
};

/** One pixel per picture spread over a whole picture: the gradient of a global average. */
const expand: Rule = (node, layout) => {
  if (!lowersExpand(node, layout)) return false;
  const [x] = node.inputs;
  const [, c, h, w] = node.outputs[0]!.type.shape as Quad;
  const scale = carriedScale(node, layout);
  // One pixel per picture lies the same plain and blocked.
  const pixel = scale ? mul(layout.plain(x!), reshape(scale, [1, c, 1, 1])) : layout.blocked(x!);
  layout.setBlocked(node, repeat(pixel, [h, w], layout));
  return true;
};

/** Whether the fast path takes this node, and can therefore multiply a factor into its input. */
export function lowersExpand(node: GraphNode, forming: Forming): boolean {
  const [x] = node.inputs;
  const output = node.outputs[0]!;
  if (node.op.name !== "Expand" || !x || !isPicture(output) || !isPicture(x)) return false;
  const [n, c, h, w] = output.type.shape as Quad;
  const from = x.type.shape as Quad;
  return forming.fills(c) && from[0] === n && from[1] === c && from[2] === 1 && from[3] === 1 && h * w > 1;
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
  const kernel = node.attributes.kernel_shape as Pair;
  return {
    kernel_shape: [...kernel],
    strides: [...((node.attributes.strides as Pair | undefined) ?? [1, 1])],
    pads: [...((node.attributes.pads as Quad | undefined) ?? [0, 0, 0, 0])],
    dilations: [1, 1],
  };
}

function tilesExactly(node: GraphNode, x: Value): boolean {
  const { kernel_shape: kernel, strides, pads } = window(node);
  const [, , height, width] = x.type.shape as Quad;
  const tiled = kernel[0] === strides[0] && kernel[1] === strides[1] && pads.every((pad) => pad === 0);
  return tiled && height % kernel[0]! === 0 && width % kernel[1]! === 0;
}

function repeat(value: Value, scales: Pair, layout: Layout): Value {
  return apply1(layout.ops.upsample, [value], { scales: [1, 1, ...scales], mode: "nearest" });
}

function vector(size: number, fill: number): Value {
  return constant({ dtype: "float32", shape: [size], data: new Float32Array(size).fill(fill) });
}
