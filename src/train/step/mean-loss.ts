/** The loss of a training step. */
import { div, mul } from "../../graph/ops/elementwise/elementwise.ts";
import { type CrossEntropyOptions, softmaxCrossEntropy } from "../../graph/ops/loss.ts";
import { reduceSum } from "../../graph/ops/reduction.ts";
import { float32 } from "../../graph/tensor-type.ts";
import { constant, scalar, type Value } from "../../graph/value.ts";

/**
 * The mean cross-entropy of logits [N,C] and targets: class indices [N] or, for mixed pictures,
 * each class's share [N,C]. With class weights it is sum of weighted rows / sum of the targets'
 * weights for both; `softmaxCrossEntropy` alone, as PyTorch, would divide shares by N. A picture
 * with the targets t and u at shares s and 1 - s then counts as s pictures of t and 1 - s of u.
 */
export function meanLoss(logits: Value, targets: Value, options: CrossEntropyOptions): Value {
  const loss = softmaxCrossEntropy(logits, targets, options);
  const { classWeights } = options;
  if (!classWeights || targets.type.dtype !== "float32") return loss;
  const weights = reduceSum(mul(targets, constant(float32([classWeights.length], classWeights))));
  return mul(loss, div(scalar(Number(targets.type.shape[0])), weights));
}
