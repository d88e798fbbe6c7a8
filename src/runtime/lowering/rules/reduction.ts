/** Sums over pictures and pixels in the blocked layout. */
import { mul } from "../../../graph/ops/elementwise/elementwise.ts";
import { reshape } from "../../../graph/ops/movement/movement.ts";
import { reduceSum } from "../../../graph/ops/reduction.ts";
import { scalar } from "../../../graph/value.ts";
import { quad } from "../../../graph/window.ts";
import { pixelMean, type Rule } from "../blocked-layout.ts";
import { isPicture } from "../geometry.ts";

/**
 * A sum per channel, as the gradient of a convolution's bias is, from the mean over pixels: one
 * reading pass, where ReorderOutput and ReduceSum take four times as long.
 */
const channelSum: Rule = (node, context) => {
  const [x, axes] = node.inputs;
  if (!x || !isPicture(x) || !context.isBlocked(x) || axes?.producer.kind !== "constant") return false;
  const folded = Array.from(axes.producer.tensor.data, Number)
    .map((axis) => (axis + 4) % 4)
    .sort();
  if (String(folded) !== "0,2,3") return false;
  const [, , height, width] = quad(x.type.shape);
  const means = reduceSum(pixelMean(context.ops, context.blocked(x)), { axes: [0], keepdims: false });
  context.setPlain(node, reshape(mul(means, scalar(height * width)), node.outputs[0]!.type.shape));
  return true;
};

export const reductionRules = { ReduceSum: channelSum };
