/**
 * Saves batch normalisation's gradient a pass over its picture.
 *
 * dx = a dy + b x + c needs two passes when dy comes unscaled. But dy mostly comes from a
 * convolution's input gradient, through ReLU and pooling gradients, which are linear in it channel
 * by channel: so the factor a, one number per channel, can be multiplied into that convolution's
 * weights instead, and dx = (a dy) + b x + c is one pass that adds in place.
 */
import type { GraphNode, Value } from "../../graph/value.ts";
import type { Readers } from "./readers.ts";

export interface GradientScales {
  /** The batch normalisation gradient whose factor this node's result must carry. */
  carriedBy(node: GraphNode): GraphNode | undefined;
  /** Whether this batch normalisation gradient receives a dy that carries its factor. */
  isPrescaled(node: GraphNode): boolean;
}

/** Ops whose result is linear in their first input, channel by channel, and has its channels. */
const passesThrough = new Set(["ReluGradient", "ClipGradient", "MaxPoolGradient", "AveragePoolGradient"]);

/**
 * @param isTarget whether a node is a batch normalisation gradient that the fast path takes
 * @param canCarry whether a node is lowered by a rule that multiplies the factor in
 */
export function planGradientScales(
  nodes: readonly GraphNode[],
  readers: Readers,
  isTarget: (node: GraphNode) => boolean,
  canCarry: (node: GraphNode) => boolean,
): GradientScales {
  const carriers = new Map<GraphNode, GraphNode>();
  const prescaled = new Set<GraphNode>();
  for (const node of nodes) {
    if (!isTarget(node)) continue;
    const carrier = findCarrier(node.inputs[0], readers, canCarry);
    if (!carrier) continue;
    carriers.set(carrier, node);
    prescaled.add(node);
  }
  return { carriedBy: (node) => carriers.get(node), isPrescaled: (node) => prescaled.has(node) };
}

/** Walks up from dy while the value has no other reader, which would see it scaled. */
function findCarrier(
  dy: Value | undefined,
  readers: Readers,
  canCarry: (node: GraphNode) => boolean,
): GraphNode | undefined {
  let value = dy;
  while (value && value.producer.kind === "node" && readers.isReadOnce(value)) {
    const node = value.producer;
    if (canCarry(node)) return node;
    if (!passesThrough.has(node.op.name)) return undefined;
    value = node.inputs[0];
  }
  return undefined;
}
