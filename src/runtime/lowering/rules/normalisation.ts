/**
 * Batch normalisation in the blocked layout: statistics in two reading passes, scale and shift
 * folded into what follows.
 */
import { add, clip, div, mul, neg, reciprocal, sqrt, sub } from "../../../graph/ops/elementwise/elementwise.ts";
import { reduceMean, reduceSum } from "../../../graph/ops/reduction.ts";
import { type GraphNode, scalar, type Value } from "../../../graph/value.ts";
import { channelAffine, type Forming, type Layout, pixelDot, pixelMean, type Rule } from "../blocked-layout.ts";
import { isPicture, type Quad } from "../geometry.ts";

const overPictures = { axes: [0], keepdims: false };

const training: Rule = (node, layout) => {
  const [x, scale, bias] = node.inputs;
  if (!isPicture(x!) || !layout.fills(x!.type.shape[1])) return false;
  const picture = layout.blocked(x!);
  const [, , height, width] = x!.type.shape as Quad;
  const mean = reduceMean(pixelMean(layout.ops, picture), overPictures);
  const meanSquare = div(reduceMean(pixelDot(layout.ops, picture, picture), overPictures), scalar(height * width));
  const variance = clip(sub(meanSquare, mul(mean, mean)), { min: 0 });
  const factor = mul(layout.plain(scale!), inverseDeviation(variance, node));
  layout.setAffine(node, { x: picture, scale: factor, shift: sub(layout.plain(bias!), mul(mean, factor)) });
  layout.setPlain(node, mean, 1);
  layout.setPlain(node, variance, 2);
  return true;
};

/**
 * With d the inverse deviation, a = scale d and m = N H W: dscale = d (sum(dy x) - mean sum(dy)),
 * dbias = sum(dy), dx = a dy - (a d dscale / m) (x - mean) - a dbias / m. Two passes read for the
 * sums; dx is one pass over x that adds in place when dy carries the factor a already
 * (`planGradientScales`), and two where it does not.
 */
const trainingGradient: Rule = (node, layout) => {
  if (!lowersNormGradient(node, layout)) return false;
  const [dy, x, , mean, variance] = node.inputs;
  const [n, , height, width] = x!.type.shape as Quad;
  const [gradient, picture] = [layout.blocked(dy!), layout.blocked(x!)];
  const [centre, deviation] = [layout.plain(mean!), inverseDeviation(layout.plain(variance!), node)];
  const a = gradientFactor(node, layout);
  const isPrescaled = layout.scales.isPrescaled(node);
  const unscaled = (total: Value) => (isPrescaled ? div(total, a) : total);
  const sum = unscaled(mul(reduceSum(pixelMean(layout.ops, gradient), overPictures), scalar(height * width)));
  const product = unscaled(reduceSum(pixelDot(layout.ops, gradient, picture), overPictures));
  const scaleGradient = mul(sub(product, mul(centre, sum)), deviation);
  const share = div(a, scalar(n * height * width));
  const slope = neg(mul(mul(share, deviation), scaleGradient));
  const shift = neg(add(mul(share, sum), mul(slope, centre)));
  const scaled = isPrescaled ? gradient : channelAffine(layout.ops, { x: gradient, scale: a });
  layout.setBlocked(node, channelAffine(layout.ops, { x: picture, scale: slope, shift }, {}, scaled));
  layout.setPlain(node, scaleGradient, 1);
  layout.setPlain(node, sum, 2);
  return true;
};

/** Whether the fast path takes this node. */
export function lowersNormGradient(node: GraphNode, forming: Forming): boolean {
  const x = node.inputs[1];
  return node.op.name === "BatchNormTrainingGradient" && isPicture(x!) && forming.fills(x!.type.shape[1]);
}

/**
 * The factor [C] that a node multiplies into its result on behalf of a batch normalisation's
 * gradient, where it carries one.
 */
export function carriedScale(node: GraphNode, layout: Layout): Value | undefined {
  const gradient = layout.scales.carriedBy(node);
  return gradient && gradientFactor(gradient, layout);
}

/**
 * scale / deviation. The sums are divided by it again, so a scale of exactly 0 is taken as 1e-20,
 * which float32 cannot tell in any other sum.
 */
function gradientFactor(node: GraphNode, layout: Layout): Value {
  const [, , scale, , variance] = node.inputs;
  return mul(add(layout.plain(scale!), scalar(1e-20)), inverseDeviation(layout.plain(variance!), node));
}

const inference: Rule = (node, layout) => {
  const [x, scale, bias, mean, variance] = node.inputs;
  if (!layout.isBlocked(x)) return false;
  const factor = mul(layout.plain(scale!), inverseDeviation(layout.plain(variance!), node));
  const shift = sub(layout.plain(bias!), mul(layout.plain(mean!), factor));
  layout.setAffine(node, { x: layout.blocked(x!), scale: factor, shift });
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
