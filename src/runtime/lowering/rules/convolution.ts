/** Convolutions and their two gradients in the blocked layout. */
import { mul } from "../../../graph/ops/elementwise/elementwise.ts";
import { reshape } from "../../../graph/ops/movement/movement.ts";
import { reduceSum } from "../../../graph/ops/reduction.ts";
import { apply1, type GraphNode, type Value } from "../../../graph/value.ts";
import { type Pair, quad } from "../../../graph/window.ts";
import type { BlockedLayout, RewriteContext, Rule } from "../blocked-layout.ts";
import { type ConvGeometry, convGeometry, isDepthwise } from "../geometry.ts";
import { blockedWeightGradient } from "../weight-gradient.ts";
import { carriedScale } from "./normalisation.ts";

const conv: Rule = (node, context) => {
  const [x, w, bias] = node.inputs;
  const g = convGeometry(x!, w!.type.shape, node.outputs[0]!, node.attributes);
  if (!g || !suits(g, context)) return false;
  const picture = g.inChannels < context.ops.block ? context.plain(x!) : context.blocked(x!);
  const weights = isDepthwise(g)
    ? context.weights.depthwise(context.plain(w!))
    : context.weights.forward(context.plain(w!));
  const inputs = [picture, weights, ...(bias ? [context.plain(bias)] : [])];
  context.setUnfinished(node, { inputs, attributes: window(g, g.strides, g.pads) });
  return true;
};

/** dx is a convolution of dy, its pixels spread apart by the stride, with the rotated weights. */
const inputGradient: Rule = (node, context) => {
  const [dy, w] = node.inputs;
  const g = inputGradientGeometry(node, context);
  if (!g) return false;
  const depthwise = isDepthwise(g);
  const scale = carriedScale(node, context);
  // One factor for each channel of dx: the first axis of depthwise weights, the second of others.
  const shape = depthwise ? [g.inChannels, 1, 1, 1] : [1, g.inChannels, 1, 1];
  const plain = scale ? mul(context.plain(w!), reshape(scale, shape)) : context.plain(w!);
  const weights = depthwise ? context.weights.depthwiseRotated(plain) : context.weights.rotated(plain);
  const unit = g.strides.every((stride) => stride === 1);
  const gradient = unit ? context.blocked(dy!) : spreadApart(context.blocked(dy!), g.strides, context);
  context.setUnfinished(node, { inputs: [gradient, weights], attributes: window(g, [1, 1], rotatedPads(g)) });
  return true;
};

/** Whether the fast path takes this node, and can therefore multiply a factor into its weights. */
export function lowersInputGradient(node: GraphNode, layout: BlockedLayout): boolean {
  return node.op.name === "ConvInputGradient" && inputGradientGeometry(node, layout) !== undefined;
}

function inputGradientGeometry(node: GraphNode, layout: BlockedLayout): ConvGeometry | undefined {
  const [dy, w] = node.inputs;
  const g = convGeometry(node.outputs[0]!, w!.type.shape, dy!, node.attributes);
  const fits = g && suits(g, layout) && layout.fills(g.inChannels) && rotatedPads(g).every((pad) => pad >= 0);
  return fits ? g : undefined;
}

const weightGradient: Rule = (node, context) => {
  const [x, dy] = node.inputs;
  const g = convGeometry(x!, node.outputs[0]!.type.shape, dy!, node.attributes);
  if (!g || !suits(g, context)) return false;
  if (isDepthwise(g)) {
    const pads = depthwiseWeightPads(g);
    if (pads.some((pad) => pad < 0)) return false;
    context.setPlain(node, depthwiseWeightGradient(context.blocked(x!), context.blocked(dy!), g, pads, context));
    return true;
  }
  if (!context.fills(g.batch)) return false;
  const picture = g.inChannels < context.ops.block ? context.plain(x!) : context.blocked(x!);
  context.setPlain(node, blockedWeightGradient(picture, context.blocked(dy!), g, context));
  return true;
};

export const convolutionRules = { Conv: conv, ConvInputGradient: inputGradient, ConvWeightGradient: weightGradient };

/**
 * Whole blocks of channels out, whole blocks or a few plain channels in; one group, or depthwise.
 */
function suits(g: ConvGeometry, context: BlockedLayout): boolean {
  if (!context.fills(g.outChannels)) return false;
  if (isDepthwise(g)) return true;
  return g.group === 1 && (g.inChannels < context.ops.block || context.fills(g.inChannels));
}

function window(g: ConvGeometry, strides: Pair, pads: readonly number[]) {
  return {
    kernel_shape: [...g.kernel],
    strides: [...strides],
    dilations: [...g.dilations],
    pads: [...pads],
    group: g.group,
  };
}

function rotatedPads(g: ConvGeometry): readonly number[] {
  const reach = [0, 1].map((axis) => (g.kernel[axis]! - 1) * g.dilations[axis]!);
  const before = [0, 1].map((axis) => reach[axis]! - g.pads[axis]!);
  const after = [0, 1].map((axis) => {
    const spread = (g.output[axis]! - 1) * g.strides[axis]! + 1;
    return g.input[axis]! + reach[axis]! - before[axis]! - spread;
  });
  return [...before, ...after];
}

/** Puts dy's pixels `strides` apart with zeros between. */
function spreadApart(dy: Value, strides: Pair, context: RewriteContext): Value {
  const [n, c, h, w] = quad(dy.type.shape);
  const [height, width] = [(h - 1) * strides[0] + 1, (w - 1) * strides[1] + 1];
  const planes = (n * c) / context.ops.block;
  const key = `spread ${[n, c, h, w, ...strides]}`;
  const index = () => {
    const rows = new Int32Array(planes * height * width).fill(planes * h * w);
    for (let plane = 0; plane < planes; plane++) {
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++)
          rows[(plane * height + y * strides[0]) * width + x * strides[1]] = (plane * h + y) * w + x;
      }
    }
    return rows;
  };
  return reshape(context.gather.rows(dy, context.ops.block, key, index, true), [n, c, height, width]);
}

function depthwiseWeightPads(g: ConvGeometry): readonly number[] {
  const after = [0, 1].map((axis) => {
    const reach = (g.kernel[axis]! - 1) * g.dilations[axis]! + (g.output[axis]! - 1) * g.strides[axis]! + 1;
    return reach - g.input[axis]! - g.pads[axis]!;
  });
  return [g.pads[0], g.pads[1], ...after];
}

/**
 * dW[c,i,j] = sum over n,h,w of x * dy: a depthwise convolution of x, pictures counted as channels,
 * whose kernel is dy.
 */
function depthwiseWeightGradient(
  x: Value,
  dy: Value,
  g: ConvGeometry,
  pads: readonly number[],
  context: RewriteContext,
): Value {
  const planes = g.batch * g.inChannels;
  const perPicture = apply1(
    context.ops.conv,
    [reshape(x, [1, planes, ...g.input]), reshape(dy, [planes, 1, ...g.output])],
    {
      kernel_shape: [...g.output],
      strides: [...g.dilations],
      dilations: [...g.strides],
      pads: [...pads],
      group: planes,
    },
  );
  const flat = reshape(perPicture, [g.batch, g.inChannels * g.kernel[0] * g.kernel[1]]);
  const summed = reduceSum(flat, { axes: [0], keepdims: false });
  return context.weights.depthwisePlain(reshape(summed, [g.inChannels, 1, ...g.kernel]));
}
