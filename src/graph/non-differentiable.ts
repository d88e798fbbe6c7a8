/** Which nodes keep a graph from being trained, all of them, before anything starts. */
import { isAppError } from "../base/errors.ts";
import { type GraphNode, nodesOf, scalar, type Value } from "./value.ts";

/** A node without a gradient between values that are trained and outputs. */
export interface NonDifferentiableNode {
  readonly op: string;
  /** "" for ONNX itself. */
  readonly domain: string;
  /** The node's name in the model that it was imported from; "" where it has none. */
  readonly node: string;
  /** Why it has none, as a noun phrase or the message of its rule. */
  readonly reason: string;
}

/**
 * The nodes on a path from `targets` to `outputs` that gradients cannot pass: ops without a rule, and those whose rule
 * does not take the shapes that they have (a free batch, for some). Empty where `gradients` finds its way. In the
 * order of computation.
 */
export function nonDifferentiableNodes(
  targets: readonly Value[],
  outputs: readonly Value[],
): readonly NonDifferentiableNode[] {
  const matters = new Set<Value>(targets);
  const found: NonDifferentiableNode[] = [];
  for (const node of nodesOf(outputs)) {
    if (!node.inputs.some((value) => value && matters.has(value))) continue;
    const reals = node.outputs.filter(({ type }) => type.dtype === "float32" || type.dtype === "unknown");
    // What gives indices or booleans passes no gradient, and needs no rule; numbers of 8 bits stand for real ones.
    const isQuantized = !node.op.imported && typeof node.op.gradient !== "function";
    if (reals.length === 0 && !isQuantized) continue;
    for (const output of reals) matters.add(output);
    const reason = reasonOf(node);
    const { name: op, domain, imported } = node.op;
    if (reason !== undefined) found.push({ op, domain, node: imported?.node ?? "", reason });
  }
  return found;
}

/** Asks the rule, with gradients of the outputs' shapes. */
function reasonOf({ op, inputs, outputs, attributes }: GraphNode): string | undefined {
  if (typeof op.gradient !== "function") return op.gradient.none;
  const outputGradients = outputs.map((output) =>
    output.type.dtype === "float32" ? { ...scalar(1), type: output.type } : undefined,
  );
  try {
    // As in `gradients`: rules know which of their inputs may be left out.
    op.gradient({ inputs: inputs as readonly Value[], outputs, outputGradients, attributes });
    return undefined;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return error.message;
  }
}
