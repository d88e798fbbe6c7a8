/** What a network is made of: operations, layers with their sizes and parameters, blocks. */
import { isNumberList } from "../../graph/op.ts";
import { isStatic, type Shape, sizeOf } from "../../graph/tensor-type.ts";
import type { GraphNode, Value } from "../../graph/value.ts";
import { type Block, type Weight, weightsIn } from "./blocks.ts";

/** All nodes of one operation. */
export interface OperationSummary {
  /** With its domain, where that is not ONNX's own: `com.microsoft.FusedConv`. */
  readonly name: string;
  readonly count: number;
  /** Of the nodes that have no gradient, by their names in the file. Empty where all can be trained through. */
  readonly withoutGradient: readonly string[];
}

/** A node that has weights, or that changes what a picture's numbers are, and what follows it. */
export interface LayerSummary {
  /** `Conv 3x3/2, Clip`: with the operations behind it that have no weights. */
  readonly kind: string;
  /** Of the first node's output, by its name in the file. */
  readonly name: string;
  readonly output: Shape;
  readonly parameters: number;
  /** Of one picture; undefined where sizes are open. */
  readonly multiplyAdds: number | undefined;
  /** Counted from the end, from 1, as fine-tuning counts; undefined behind the features. */
  readonly block?: number;
}

export interface BlockSummary {
  /** Counted from the end, from 1. */
  readonly fromEnd: number;
  readonly layers: number;
  readonly parameters: number;
  /** The value at its end. */
  readonly name: string;
  readonly output: Shape;
}

/** Names of values, where the file has them. */
type NameOf = (value: Value) => string | undefined;

/** The operations of nodes, the most frequent first. */
export function summarizeOperations(nodes: readonly GraphNode[], nameOf: NameOf): readonly OperationSummary[] {
  const found = new Map<string, { count: number; withoutGradient: string[] }>();
  for (const node of nodes) {
    const { op } = node;
    const name = op.domain === "" ? op.name : `${op.domain}.${op.name}`;
    const entry = found.get(name) ?? { count: 0, withoutGradient: [] };
    entry.count++;
    if (typeof op.gradient !== "function") entry.withoutGradient.push(nodeName(node, nameOf));
    found.set(name, entry);
  }
  return [...found].map(([name, entry]) => ({ name, ...entry })).sort((a, b) => b.count - a.count);
}

function nodeName({ op, outputs }: GraphNode, nameOf: NameOf): string {
  const own = op.imported?.node;
  return own || (outputs[0] && nameOf(outputs[0])) || "without a name";
}

/** The layers of nodes in their order; `blocks` are those that fine-tuning counts. */
export function summarizeLayers(
  nodes: readonly GraphNode[],
  blocks: readonly Block[],
  nameOf: NameOf,
): readonly LayerSummary[] {
  const blockOf = new Map(
    blocks.flatMap((block, at) => block.nodes.map((node) => [node, blocks.length - at] as const)),
  );
  const counted = new Set<Value>();
  const layers: { node: GraphNode; parameters: number; behind: string[] }[] = [];
  const layerOf = new Map<GraphNode, number>();
  let hasLayer = false;
  for (const node of nodes) {
    // What normalises the pictures, before the first layer, was not learned.
    const learned = hasLayer || multiplied.has(node.op.name) ? weightsIn([node]) : [];
    const own = learned.filter((weight) => !counted.has(weight));
    for (const weight of own) counted.add(weight);
    // A bias of its own, a norm and an activation are parts of the last layer that they need.
    const at = layerOps.has(node.op.name) ? -1 : lastLayerBefore(node, layerOf);
    hasLayer ||= multiplied.has(node.op.name);
    const layer = layers[at];
    layerOf.set(node, layer ? at : layers.length);
    if (layer) {
      layer.parameters += parametersOf(own);
      layer.behind.push(node.op.name);
    } else layers.push({ node, parameters: parametersOf(own), behind: [] });
  }
  return layers.map(({ node, parameters, behind }) => {
    const block = blockOf.get(node);
    const [output] = node.outputs;
    return {
      kind: [layerKind(node), ...shortened(behind)].join(", "),
      name: (output && nameOf(output)) ?? "without a name",
      output: output?.type.shape ?? [],
      parameters,
      multiplyAdds: multiplyAddsOf(node),
      ...(block !== undefined && { block }),
    };
  });
}

/** -1 where none of its inputs comes from a layer. */
function lastLayerBefore({ inputs }: GraphNode, layerOf: ReadonlyMap<GraphNode, number>): number {
  const producers = inputs.map((value) => value?.producer);
  return Math.max(-1, ...producers.map((producer) => (producer?.kind === "node" ? (layerOf.get(producer) ?? -1) : -1)));
}

const layerOps: ReadonlySet<string> = new Set([
  "Conv",
  "ConvTranspose",
  "Gemm",
  "MatMul",
  "MaxPool",
  "AveragePool",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "ReduceMean",
]);

/** Each operation once, three at most: an attention has dozens of reshapes between its layers. */
function shortened(names: readonly string[]): readonly string[] {
  const distinct = [...new Set(names)];
  return distinct.length > 3 ? [...distinct.slice(0, 3), "..."] : distinct;
}

function layerKind({ op, inputs, attributes }: GraphNode): string {
  const shape = inputs[1]?.type.shape;
  const window = op.name === "Conv" ? shape?.slice(2) : (attributes.kernel_shape ?? attributes.kernel);
  const sides = isNumberList(window as number[]) ? (window as readonly number[]).join("x") : undefined;
  const strides = isNumberList(attributes.strides) ? attributes.strides : [];
  const step = strides.some((stride) => stride > 1) ? `/${[...new Set(strides)].join("x")}` : "";
  const group = Number(attributes.group ?? 1);
  const depthwise = op.name === "Conv" && group > 1 ? (shape?.[1] === 1 ? "depthwise " : `in ${group} groups `) : "";
  return sides === undefined ? op.name : `${depthwise}${op.name} ${sides}${step}`.trim();
}

/** The blocks in their order. */
export function summarizeBlocks(blocks: readonly Block[], nameOf: NameOf): readonly BlockSummary[] {
  return blocks.map(({ to, nodes, weights }, at) => ({
    fromEnd: blocks.length - at,
    layers: nodes.filter(({ op }) => layerOps.has(op.name)).length,
    parameters: parametersOf(weights),
    name: nameOf(to) ?? "without a name",
    output: to.type.shape,
  }));
}

/** Numbers that were learned, in the constants of nodes from the first layer on, each once. */
export function countParameters(nodes: readonly GraphNode[]): number {
  const first = nodes.findIndex(({ op }) => multiplied.has(op.name));
  return parametersOf(weightsIn(first < 0 ? [] : nodes.slice(first)));
}

function parametersOf(weights: readonly Weight[]): number {
  return weights.reduce((sum, { producer }) => sum + producer.tensor.data.length, 0);
}

/** For one picture; undefined where a size is open. */
export function countMultiplyAdds(nodes: readonly GraphNode[]): number | undefined {
  let sum = 0;
  for (const node of nodes) {
    if (!multiplied.has(node.op.name)) continue;
    const count = multiplyAddsOf(node);
    if (count === undefined) return undefined;
    sum += count;
  }
  return sum;
}

const multiplied: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);

/** Multiplications of each output number, times the output's numbers without the batch; 0 for other operations. */
function multiplyAddsOf({ op, inputs, outputs, attributes }: GraphNode): number | undefined {
  if (!multiplied.has(op.name)) return 0;
  const [source, weight] = inputs.map((value) => value?.type.shape);
  const output = outputs[0]?.type.shape;
  const isConvolution = op.name === "Conv" || op.name === "ConvTranspose";
  // A transposed convolution does its work on each number of its input.
  const grid = op.name === "ConvTranspose" ? source : output;
  const factor = isConvolution
    ? weight?.slice(1)
    : [source?.at(op.name === "Gemm" && attributes.transA ? 0 : -1) ?? "?"];
  const sides = grid?.slice(1);
  return sides && factor && isStatic(sides) && isStatic(factor) ? sizeOf(sides) * sizeOf(factor) : undefined;
}
