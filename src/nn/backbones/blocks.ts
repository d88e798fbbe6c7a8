/** Where a network can be cut in two: the blocks that fine-tuning counts from the end. */
import { type GraphNode, nodesOf, type Value } from "../../graph/value.ts";

/** A constant of the graph. */
export type Weight = Value & { readonly producer: Extract<Value["producer"], { readonly kind: "constant" }> };

/** The nodes between two values through which all data passes; at least one of them has weights. */
export interface Block {
  /** All that the block takes of the pictures. */
  readonly from: Value;
  /** All that the blocks behind it take. */
  readonly to: Value;
  readonly nodes: readonly GraphNode[];
  /** Its constants that were learned, each once; a constant that several blocks share is in each of them. */
  readonly weights: readonly Weight[];
}

/**
 * The blocks between `input` and `features`, in order. A block ends where a single value is all that
 * later nodes take, so a residual block is one block, and so is a layer of a plain network with the activation
 * behind it. Nodes that have no weights belong to the block before them; those before the first weights to the first.
 */
export function blocksBetween(input: Value, features: Value): readonly Block[] {
  const nodes = nodesThrough(input, features);
  const lastUse = new Map<Value, number>();
  for (const [at, { inputs }] of nodes.entries()) for (const value of inputs) if (value) lastUse.set(value, at);
  const within = new Set([input, ...nodes.flatMap(({ outputs }) => outputs)]);
  const live = new Set([input]);
  const parts: { to: Value; nodes: GraphNode[] }[] = [];
  let open: GraphNode[] = [];
  for (const [at, node] of nodes.entries()) {
    open.push(node);
    for (const output of node.outputs) if (output === features || (lastUse.get(output) ?? -1) > at) live.add(output);
    for (const value of node.inputs) {
      if (value && within.has(value) && value !== features && (lastUse.get(value) ?? -1) <= at) live.delete(value);
    }
    const [only, ...others] = live;
    if (only === undefined || others.length > 0) continue;
    parts.push({ to: only, nodes: open });
    open = [];
  }
  return joinParts(input, parts);
}

/** The nodes on a path from `input` to `output`, each after those that it needs. */
export function nodesThrough(input: Value, output: Value): readonly GraphNode[] {
  const reached = new Set<Value>([input]);
  return nodesOf([output]).filter(({ inputs, outputs }) => {
    if (outputs.includes(input) || !inputs.some((value) => value && reached.has(value))) return false;
    for (const value of outputs) reached.add(value);
    return true;
  });
}

function joinParts(input: Value, parts: readonly { readonly to: Value; readonly nodes: readonly GraphNode[] }[]) {
  const blocks: Block[] = [];
  let before: readonly GraphNode[] = [];
  for (const { to, nodes } of parts) {
    const last = blocks.at(-1);
    // What normalises the pictures, before the first layer, was not learned.
    const weights = last || nodes.some(({ op }) => layerOps.has(op.name)) ? weightsIn(nodes) : [];
    if (weights.length > 0) {
      blocks.push({ from: last?.to ?? input, to, nodes: [...before, ...nodes], weights });
      before = [];
    } else if (last) blocks[blocks.length - 1] = { ...last, to, nodes: [...last.nodes, ...nodes] };
    else before = [...before, ...nodes];
  }
  return blocks;
}

/** Ops that are a layer by themselves. */
const layerOps: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);

/** Ops whose constant inputs are learned where a network comes from a training. */
const weightedOps: ReadonlySet<string> = new Set([
  ...layerOps,
  "BatchNormalization",
  "InstanceNormalization",
  "LayerNormalization",
  "PRelu",
  "Add",
  "Mul",
  "Concat",
]);

/** Constants of more than one float that ops with weights take, each once; statistics of norms are none. */
export function weightsIn(nodes: readonly GraphNode[]): readonly Weight[] {
  const inputs = nodes.flatMap(({ op, inputs }) => {
    if (!weightedOps.has(op.name)) return [];
    return op.name === "BatchNormalization" ? inputs.slice(0, 3) : inputs;
  });
  const constants = inputs.filter((value): value is Weight => value?.producer.kind === "constant");
  return [...new Set(constants)].filter(
    ({ type, producer }) => type.dtype === "float32" && producer.tensor.data.length > 1,
  );
}
