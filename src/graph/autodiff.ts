/** Reverse-mode differentiation, graph to graph: the gradient of a loss is more graph. */
import { AppError } from "../base/errors.ts";
import { add } from "./ops/elementwise/elementwise.ts";
import { expandTo, sumTo } from "./ops/movement/movement.ts";
import { sameShape } from "./tensor-type.ts";
import { type GraphNode, nodesOf, scalar, type Value } from "./value.ts";

/**
 * The gradient of a scalar loss with respect to each of `targets`, each of its target's shape.
 * Walks the loss's nodes backwards once, asks each node's gradient rule, sums what broadcasting had
 * spread and adds up what comes from several uses. A target that the loss does not depend on is an
 * error: it is a mistake in the model.
 * Source: reverse accumulation as in Griewank & Walther, Evaluating Derivatives (2008), chapter 3.
 */
export function gradients(loss: Value, targets: readonly Value[]): readonly Value[] {
  if (loss.type.shape.length !== 0) {
    throw new AppError("GRAPH_SHAPE", { required: "a loss is a scalar", received: `[${loss.type.shape.join(",")}]` });
  }
  const nodes = nodesOf([loss]);
  const matters = valuesThatDependOn(targets, nodes);
  const gradientOf = new Map<Value, Value>([[loss, scalar(1)]]);
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => gradientOf.has(output))) continue;
    if (!node.inputs.some((value) => value && matters.has(value))) continue;
    for (const [value, gradient] of inputGradients(node, gradientOf)) {
      if (!matters.has(value)) continue;
      const sofar = gradientOf.get(value);
      gradientOf.set(value, sofar ? add(sofar, gradient) : gradient);
    }
  }
  return targets.map((target) => {
    const gradient = gradientOf.get(target);
    if (!gradient) {
      const name = target.producer.kind === "input" ? `input '${target.producer.name}'` : "a value";
      throw new AppError("GRAPH_NOT_DIFFERENTIABLE", { required: `the loss depends on ${name}`, received: "no path" });
    }
    return sameShape(gradient.type.shape, target.type.shape) ? gradient : expandTo(gradient, target.type.shape);
  });
}

function valuesThatDependOn(targets: readonly Value[], nodes: readonly GraphNode[]): ReadonlySet<Value> {
  const found = new Set<Value>(targets);
  for (const node of nodes) {
    if (node.inputs.some((value) => value && found.has(value))) {
      // An output of unknown type may carry gradients: its op is asked, and says that it has none.
      for (const output of node.outputs) if (/float32|unknown/.test(output.type.dtype)) found.add(output);
    }
  }
  return found;
}

function inputGradients(node: GraphNode, gradientOf: ReadonlyMap<Value, Value>): readonly (readonly [Value, Value])[] {
  const rule = node.op.gradient;
  if (typeof rule !== "function") {
    throw new AppError("GRAPH_NOT_DIFFERENTIABLE", {
      required: `${node.op.name} has a gradient`,
      received: rule.none,
      hint: "leave the op out of the path from the parameters to the loss",
    });
  }
  const rows = rule({
    inputs: node.inputs as readonly Value[],
    outputs: node.outputs,
    outputGradients: node.outputs.map((output) => gradientOf.get(output)),
    attributes: node.attributes,
  });
  return rows.flatMap((gradient, at) => {
    const value = node.inputs[at];
    return gradient && value ? [[value, sumTo(gradient, value.type.shape)] as const] : [];
  });
}
