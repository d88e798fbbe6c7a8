/**
 * A graph as plain immutable data: every value knows what produced it, so a graph is nothing but
 * its inputs and outputs. There is no builder to pass around and nothing to mutate; rewriting a
 * graph makes new values.
 */
import { AppError } from "../base/errors.ts";
import { knownDims } from "./known-dims.ts";
import type { Attributes, GraphNode, Op, Value } from "./op.ts";
import { type DType, formatType, type Shape, type TensorData } from "./tensor-type.ts";

export type { GraphConstant, GraphInput, GraphNode, Value } from "./op.ts";

/** A complete graph: its name, its inputs in order, and its outputs by name. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: Readonly<Record<string, Value>>;
}

/** A value that is fed at each run; a dimension given by a name is free. */
export function input(name: string, dtype: DType, shape: Shape): Value {
  return { type: { dtype, shape }, producer: { kind: "input", name }, index: 0 };
}

/** A value that is known when the graph is built. */
export function constant(tensor: TensorData): Value {
  return { type: { dtype: tensor.dtype, shape: tensor.shape }, producer: { kind: "constant", tensor }, index: 0 };
}

/** A float32 scalar of shape []. */
export function scalar(value: number): Value {
  return constant({ dtype: "float32", shape: [], data: Float32Array.of(value) });
}

/**
 * Applies an op: checks the inputs by its shape rule and gives the new node's outputs.
 * Errors: GRAPH_SHAPE, GRAPH_DTYPE, GRAPH_ATTRIBUTE.
 */
export function apply(op: Op, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): readonly Value[] {
  const unknown = Object.keys(attributes).find((name) => !Object.hasOwn(op.attributeTypes, name));
  if (unknown !== undefined) {
    const known = Object.keys(op.attributeTypes).join(", ") || "none";
    throw new AppError("GRAPH_ATTRIBUTE", { required: `attributes of ${op.name} (${known})`, received: unknown });
  }
  if (!op.imported && inputs.some((value) => value?.type.dtype === "unknown"))
    throw new AppError("GRAPH_DTYPE", {
      required: `inputs of known types for ${op.name}`,
      received: "an unknown type",
    });
  const types = op.infer(
    inputs.map((value) => value?.type),
    attributes,
    inputs.map((value) => (value?.producer.kind === "constant" ? value.producer.tensor : undefined)),
    inputs.map((value) => value && knownDims(value)?.dims),
  );
  const outputs: Value[] = [];
  const node: GraphNode = { kind: "node", op, inputs, attributes, outputs };
  for (const [index, type] of types.entries()) outputs.push({ type, producer: node, index });
  return outputs;
}

/** Applies an op that has one output. Errors: as `apply`. */
export function apply1(op: Op, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): Value {
  const [output] = apply(op, inputs, attributes);
  if (!output) throw new AppError("INTERNAL", { required: `an output of op ${op.name}` });
  return output;
}

/**
 * Gathers the nodes that the given values need, each after the nodes that it needs itself. The
 * order is that of a depth-first walk from the first value to the last: independent of object
 * identity, so equal code gives equal graphs.
 */
export function nodesOf(values: Iterable<Value>): readonly GraphNode[] {
  const done = new Set<GraphNode>();
  const order: GraphNode[] = [];
  const stack: { node: GraphNode; next: number }[] = [];
  const visit = (value: Value | undefined) => {
    if (value?.producer.kind !== "node" || done.has(value.producer)) return;
    done.add(value.producer);
    stack.push({ node: value.producer, next: 0 });
  };
  for (const root of values) {
    visit(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next < top.node.inputs.length) visit(top.node.inputs[top.next++]);
      else order.push(stack.pop()!.node);
    }
  }
  return order;
}

/**
 * Makes a graph and checks that it is closed: every input that its outputs need is listed, and no
 * name is used twice, among inputs or by an input and an output. Errors: GRAPH_ATTRIBUTE.
 */
export function graph(name: string, inputs: readonly Value[], outputs: Readonly<Record<string, Value>>): Graph {
  const known = new Set(inputs);
  const names = new Set<string>();
  for (const value of inputs) {
    if (value.producer.kind !== "input" || names.has(value.producer.name)) {
      throw new AppError("GRAPH_ATTRIBUTE", {
        required: "distinct input values with distinct names as a graph's inputs",
        received: value.producer.kind === "input" ? `'${value.producer.name}' twice` : `a ${value.producer.kind}`,
        where: `graph '${name}'`,
      });
    }
    names.add(value.producer.name);
  }
  for (const node of nodesOf(Object.values(outputs))) {
    for (const value of node.inputs) {
      if (value?.producer.kind === "input" && !known.has(value)) {
        throw new AppError("GRAPH_ATTRIBUTE", {
          required: "graph inputs that contain every input in use",
          received: `'${value.producer.name}' (${formatType(value.type)}) used by ${node.op.name} only`,
          where: `graph '${name}'`,
        });
      }
    }
  }
  for (const [key, value] of Object.entries(outputs)) {
    if (names.has(key) && !(value.producer.kind === "input" && value.producer.name === key)) {
      throw new AppError("GRAPH_ATTRIBUTE", {
        required: "an output name that no other input has",
        received: `output '${key}'`,
        where: `graph '${name}'`,
      });
    }
  }
  return { name, inputs, outputs };
}

/**
 * Rewrites a graph node by node, in topological order. `rule` gets the node with its inputs already
 * rewritten and returns the values that replace its outputs, or `undefined` to keep the
 * node as it is.
 */
export function rewrite(
  source: Graph,
  rule: (node: GraphNode, inputs: readonly (Value | undefined)[]) => readonly Value[] | undefined,
): Graph {
  const replaced = new Map<Value, Value>();
  const now = (value: Value | undefined) => value && (replaced.get(value) ?? value);
  for (const node of nodesOf(Object.values(source.outputs))) {
    const inputs = node.inputs.map(now);
    const changed = inputs.some((value, at) => value !== node.inputs[at]);
    const outputs = rule(node, inputs) ?? (changed ? apply(node.op, inputs, node.attributes) : node.outputs);
    for (const [index, output] of node.outputs.entries()) {
      const replacement = outputs[index];
      if (replacement && replacement !== output) replaced.set(output, replacement);
    }
  }
  const outputs = Object.fromEntries(Object.entries(source.outputs).map(([key, value]) => [key, now(value)!]));
  return graph(source.name, source.inputs, outputs);
}
