/** Which nodes of a float graph compute with 8 bits, and which of its values are held in them. */
import type { GraphNode } from "../../graph/op.ts";
import { numberAttribute } from "../../graph/shape-rules.ts";
import { type Graph, nodesOf, type Value } from "../../graph/value.ts";
import { countUses, isRangeLimit } from "./prepare-graph.ts";

/** What of a network stays in floats. */
export interface PlacementOptions {
  /** The first layer with weights, which takes the picture. */
  readonly keepsFirst: boolean;
  /** The last, which gives the logits. */
  readonly keepsLast: boolean;
}

/** A value that is held in 8 bits. */
export interface QuantizedValue {
  /** The value whose range counts: of a pooling, the one that it pools; else itself. */
  readonly rangeOf: Value;
  /** What the range may not leave: limits of the ReLU or Clip that it stands for. */
  readonly low: number;
  readonly high: number;
}

export interface Placement {
  /** Convolutions and products with weights, and what lies between them. */
  readonly nodes: ReadonlySet<GraphNode>;
  /** ReLU and Clip that the range of their output does the work of. */
  readonly limits: ReadonlySet<GraphNode>;
  readonly values: ReadonlyMap<Value, QuantizedValue>;
  /** How many layers with weights the network has, and how many of them compute with 8 bits. */
  readonly layers: number;
  readonly quantizedLayers: number;
}

/** Ops that move or choose elements: what goes in and what comes out has one range. */
const moving: ReadonlySet<string> = new Set(["MaxPool", "Flatten", "Reshape", "Transpose"]);
/** Ops of several computed values for which ONNX Runtime has kernels of 8 bits. */
const joining: ReadonlySet<string> = new Set(["Add", "Mul", "Concat"]);
const averaging: ReadonlySet<string> = new Set(["GlobalAveragePool", "AveragePool"]);

/**
 * Layers with weights compute with 8 bits, and so does what follows them, as far as ONNX Runtime's CPU
 * provider has kernels for it: sums and products of two values, joins, pooling and changes of shape.
 * The outputs of the graph stay floats.
 */
export function placeQuantization(graph: Graph, { keepsFirst, keepsLast }: PlacementOptions): Placement {
  const order = nodesOf(Object.values(graph.outputs));
  const layers = order.filter(isWeightedLayer);
  const chosen = new Set(layers);
  if (keepsFirst) chosen.delete(layers[0]!);
  if (keepsLast) chosen.delete(layers.at(-1)!);

  const uses = countUses(graph);
  const users = usersOf(order);
  const limitOf = (value: Value): GraphNode | undefined => {
    const [user] = users.get(value) ?? [];
    return uses.get(value) === 1 && user && isRangeLimit(user) && user.inputs[0] === value ? user : undefined;
  };
  const nodes = new Set<GraphNode>();
  const limits = new Set<GraphNode>();
  const values = new Map<Value, QuantizedValue>();
  const hold = (value: Value, from: Value = value): void => {
    if (!values.has(value)) values.set(value, values.get(from) ?? unlimited(from));
  };
  const leadsToLayer = (value: Value): boolean =>
    (users.get(value) ?? []).some(
      (user) => chosen.has(user) || (isOfOps(user, moving, averaging) && leadsToLayer(user.outputs[0]!)),
    );
  /** Holds the node's result in 8 bits, behind a ReLU or Clip that nothing else stands before. */
  const holdResult = (node: GraphNode): void => {
    const [output] = node.outputs;
    const limit = limitOf(output!);
    const range = limit && rangeOfLimit(limit);
    // A Clip that cuts off zero, the padding of convolutions, stays a node of its own.
    if (limit && range && range.low <= 0 && range.high >= 0) {
      limits.add(limit);
      values.set(limit.outputs[0]!, { rangeOf: limit.outputs[0]!, ...range });
    } else {
      hold(output!);
    }
  };

  for (const node of order) {
    const moved = node.inputs.filter((value) => value !== undefined && value.producer.kind !== "constant");
    const areHeld = moved.length > 0 && moved.every((value) => values.has(value!));
    if (chosen.has(node)) {
      nodes.add(node);
      hold(node.inputs[0]!);
      // A product may give floats as it is; a convolution of 8 bits gives 8 bits.
      if (node.op.name === "Conv" || feedsEightBits(node, limitOf, leadsToLayer)) holdResult(node);
    } else if (areHeld && isOfOps(node, moving)) {
      nodes.add(node);
      hold(node.outputs[0]!, moved[0]);
    } else if (areHeld && isOfOps(node, joining) && moved.length === node.inputs.length && moved.length > 1) {
      nodes.add(node);
      holdResult(node);
    } else if (areHeld && isOfOps(node, averaging) && leadsToLayer(node.outputs[0]!)) {
      nodes.add(node);
      hold(node.outputs[0]!);
    }
  }
  return { nodes, limits, values, layers: layers.length, quantizedLayers: chosen.size };
}

function feedsEightBits(
  { outputs }: GraphNode,
  limitOf: (value: Value) => GraphNode | undefined,
  leadsToLayer: (value: Value) => boolean,
): boolean {
  const [output] = outputs;
  return leadsToLayer(limitOf(output!)?.outputs[0] ?? output!);
}

/** A convolution of planes, or a product of matrices, with constant weights and bias. */
function isWeightedLayer({ op, inputs, attributes }: GraphNode): boolean {
  if (op.imported || op.domain !== "") return false;
  const [x, weight, bias] = inputs;
  const isConstant = (value: Value | undefined): boolean => value?.producer.kind === "constant";
  if (!x || isConstant(x) || !isConstant(weight) || (bias && !isConstant(bias))) return false;
  if (op.name === "Conv") return x.type.shape.length === 4;
  if (op.name === "MatMul") return weight!.type.shape.length === 2;
  const isPlain = ["alpha", "beta"].every((name) => numberAttribute(attributes, name, 1) === 1);
  // ONNX Runtime's product of 8 bits takes a bias [columns] alone.
  return op.name === "Gemm" && isPlain && attributes.transA !== 1 && (!bias || bias.type.shape.length === 1);
}

function isOfOps({ op }: GraphNode, ...sets: readonly ReadonlySet<string>[]): boolean {
  return !op.imported && op.domain === "" && sets.some((names) => names.has(op.name));
}

function usersOf(order: readonly GraphNode[]): ReadonlyMap<Value, readonly GraphNode[]> {
  const users = new Map<Value, GraphNode[]>();
  for (const node of order) {
    for (const value of node.inputs) if (value) users.set(value, [...(users.get(value) ?? []), node]);
  }
  return users;
}

function unlimited(rangeOf: Value): QuantizedValue {
  return { rangeOf, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
}

function rangeOfLimit({ op, inputs }: GraphNode): { readonly low: number; readonly high: number } {
  const limit = (value: Value | undefined, otherwise: number): number =>
    value?.producer.kind === "constant" ? Number(value.producer.tensor.data[0]) : otherwise;
  if (op.name === "Relu") return { low: 0, high: Number.POSITIVE_INFINITY };
  return { low: limit(inputs[1], Number.NEGATIVE_INFINITY), high: limit(inputs[2], Number.POSITIVE_INFINITY) };
}
