/**
 * Batch normalisation in the blocked layout: statistics in two reading passes, scale and shift
 * folded into what follows.
 */
import { add, clip, div, mul, neg, reciprocal, sqrt, sub } from "../../../graph/ops/elementwise/elementwise.ts";
import { reduceMean, reduceSum } from "../../../graph/ops/reduction.ts";
import { type GraphNode, scalar, type Value } from "../../../graph/value.ts";
import { quad } from "../../../graph/window.ts";
import {
  type BlockedLayout,
  channelAffine,
  finish,
  pixelDot,
  pixelMean,
  type RewriteContext,
  type Rule,
} from "../blocked-layout.ts";
import { isPicture } from "../geometry.ts";

const overPictures = { axes: [0], keepdims: false };

const training: Rule = (node, context) => {
  const [x, scale, bias] = node.inputs;
  if (!isPicture(x!) || !context.fills(x!.type.shape[1])) return false;
  const picture = context.blocked(x!);
  const [, , height, width] = quad(x!.type.shape);
  const mean = reduceMean(pixelMean(context.ops, picture), overPictures);
  const meanSquare = div(reduceMean(pixelDot(context.ops, picture, picture), overPictures), scalar(height * width));
  const variance = clip(sub(meanSquare, mul(mean, mean)), { min: 0 });
  const factor = mul(context.plain(scale!), inverseDeviation(variance, node));
  const shift = sub(context.plain(bias!), mul(mean, factor));
  context.setUnfinished(node, channelAffine({ x: picture, scale: factor, shift }));
  context.setPlain(node, mean, 1);
  context.setPlain(node, variance, 2);
  return true;
};

/**
 * With d the inverse deviation, a = scale d and m = N H W: dscale = d (sum(dy x) - mean sum(dy)),
 * dbias = sum(dy), dx = a dy - (a d dscale / m) (x - mean) - a dbias / m. Two passes read for the
 * sums; dx is one pass over x that adds in place when dy carries the factor a already
 * (`planGradientScales`), and two where it does not.
 */
const trainingGradient: Rule = (node, context) => {
  if (!lowersNormGradient(node, context)) return false;
  const [dy, x, , mean, variance] = node.inputs;
  const [n, , height, width] = quad(x!.type.shape);
  const [gradient, picture] = [context.blocked(dy!), context.blocked(x!)];
  const [centre, deviation] = [context.plain(mean!), inverseDeviation(context.plain(variance!), node)];
  const a = gradientFactor(node, context);
  const isPrescaled = context.scales.isPrescaled(node);
  const unscaled = (total: Value) => (isPrescaled ? div(total, a) : total);
  const sum = unscaled(mul(reduceSum(pixelMean(context.ops, gradient), overPictures), scalar(height * width)));
  const product = unscaled(reduceSum(pixelDot(context.ops, gradient, picture), overPictures));
  const scaleGradient = mul(sub(product, mul(centre, sum)), deviation);
  const share = div(a, scalar(n * height * width));
  const slope = neg(mul(mul(share, deviation), scaleGradient));
  const shift = neg(add(mul(share, sum), mul(slope, centre)));
  const scaled = isPrescaled ? gradient : finish(context.ops, channelAffine({ x: gradient, scale: a }));
  context.setBlocked(node, finish(context.ops, channelAffine({ x: picture, scale: slope, shift }, scaled)));
  context.setPlain(node, scaleGradient, 1);
  context.setPlain(node, sum, 2);
  return true;
};

/** Whether the fast path takes this node. */
export function lowersNormGradient(node: GraphNode, layout: BlockedLayout): boolean {
  const x = node.inputs[1];
  return node.op.name === "BatchNormTrainingGradient" && isPicture(x!) && layout.fills(x!.type.shape[1]);
}

/**
 * The factor [C] that a node multiplies into its result on behalf of a batch normalisation's
 * gradient, where it carries one.
 */
export function carriedScale(node: GraphNode, context: RewriteContext): Value | undefined {
  const gradient = context.scales.carriedBy(node);
  return gradient && gradientFactor(gradient, context);
}

/**
 * scale / deviation. The sums are divided by it again, so a scale of exactly 0 is taken as 1e-20,
 * which float32 cannot tell in any other sum.
 */
function gradientFactor(node: GraphNode, context: RewriteContext): Value {
  const [, , scale, , variance] = node.inputs;
  return mul(add(context.plain(scale!), scalar(1e-20)), inverseDeviation(context.plain(variance!), node));
}

const inference: Rule = (node, context) => {
  const [x, scale, bias, mean, variance] = node.inputs;
  if (!context.isBlocked(x)) return false;
  const factor = mul(context.plain(scale!), inverseDeviation(context.plain(variance!), node));
  const shift = sub(context.plain(bias!), mul(context.plain(mean!), factor));
  context.setUnfinished(node, channelAffine({ x: context.blocked(x!), scale: factor, shift }));
  return true;
};

export const normalisationRules = {
  BatchNormTraining: training,
  BatchNormTrainingGradient: trainingGradient,
  BatchNormalization: inference,
};

function inverseDeviation(variance: Value, node: GraphNode): Value {
  return reciprocal(sqrt(add(variance, scalar(Number(node.attributes.epsilon ?? 1e-5)))));
}
