/** A float graph in the form that is quantised best: the same function, with activations right behind the convolutions. */
import type { GraphNode } from "../../graph/op.ts";
import { numberAttribute } from "../../graph/shape-rules.ts";
import { apply, type Graph, nodesOf, rewrite, type Value } from "../../graph/value.ts";
import { foldIntoConvolution } from "../../nn/fold.ts";

/**
 * Folds batch normalisation into the convolution before it, and moves ReLU and Clip before max
 * pooling, with which they commute: a range of 8 bits then does their work.
 */
export function prepareGraph(source: Graph): Graph {
  const folded = rewrite(source, foldNorm);
  const uses = countUses(folded);
  return rewrite(folded, (node, inputs) => moveBeforePool(node, inputs, uses));
}

function foldNorm(node: GraphNode, inputs: readonly (Value | undefined)[]): readonly Value[] | undefined {
  if (node.op.name !== "BatchNormalization" || node.op.imported) return undefined;
  const [x, scale, bias, mean, variance] = inputs;
  if (!x || !scale || !bias || !mean || !variance) return undefined;
  const epsilon = numberAttribute(node.attributes, "epsilon", 1e-5);
  const folded = foldIntoConvolution(x, { scale, bias, mean, variance, epsilon });
  return folded && [folded];
}

function moveBeforePool(
  node: GraphNode,
  inputs: readonly (Value | undefined)[],
  uses: ReadonlyMap<Value, number>,
): readonly Value[] | undefined {
  if (!isRangeLimit(node)) return undefined;
  const [pooled, ...limits] = inputs;
  const pool = pooled?.producer;
  const original = node.inputs[0]!;
  if (pool?.kind !== "node" || pool.op.name !== "MaxPool" || pool.op.imported) return undefined;
  if (pool.outputs.length !== 1 || uses.get(original) !== 1) return undefined;
  const limited = apply(node.op, [pool.inputs[0], ...limits], node.attributes);
  return apply(pool.op, limited, pool.attributes);
}

/** Whether the node is ReLU, or Clip with fixed limits: what a range of 8 bits can do on its own. */
export function isRangeLimit({ op, inputs }: GraphNode): boolean {
  if (op.imported || op.domain !== "") return false;
  const hasFixedLimits = inputs.slice(1).every((value) => value === undefined || value.producer.kind === "constant");
  return op.name === "Relu" || (op.name === "Clip" && hasFixedLimits);
}

/** How often each value is used, by nodes and as an output. */
export function countUses(graph: Graph): ReadonlyMap<Value, number> {
  const uses = new Map<Value, number>();
  const use = (value: Value | undefined): void => {
    if (value) uses.set(value, (uses.get(value) ?? 0) + 1);
  };
  for (const node of nodesOf(Object.values(graph.outputs))) node.inputs.forEach(use);
  Object.values(graph.outputs).forEach(use);
  return uses;
}
