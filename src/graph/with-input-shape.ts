/** A graph whose input has another shape: a fixed batch in the place of a free one, another size of picture. */
import { AppError } from "../base/errors.ts";
import { substituteDim } from "./dims.ts";
import { knownNumbers } from "./fold.ts";
import type { GraphNode, Op } from "./op.ts";
import { type Dim, formatShape, isStatic, type Shape, type TensorType } from "./tensor-type.ts";
import { apply, type Graph, graph, input, nodesOf, type Value } from "./value.ts";

/** A graph and what became of the values of the one that it was made from. */
export interface ReshapedGraph {
  readonly graph: Graph;
  /** The value in the place of another; itself where it does not depend on the input. */
  now(value: Value): Value;
}

/**
 * The same graph with the input `name` of another shape, of the same rank. Shapes are inferred again; imported ops
 * keep the types that their model declares, with the symbols of the old shape replaced. `also` are values whose
 * successors are asked for though no output needs them.
 * Errors: GRAPH_ATTRIBUTE for an input that the graph lacks; GRAPH_SHAPE for another rank, and where an op does not
 * take the new shape.
 */
export function reshapeInput(source: Graph, name: string, shape: Shape, also: Iterable<Value> = []): ReshapedGraph {
  const old = inputOf(source, name);
  if (old.type.shape.length !== shape.length || old.type.dtype === "unknown")
    throw new AppError("GRAPH_SHAPE", {
      required: `a shape with ${old.type.shape.length} axes for input '${name}'`,
      received: formatShape(shape),
    });
  const changed = input(name, old.type.dtype, shape);
  const symbols = new Map<string, Dim>();
  for (const [axis, dim] of old.type.shape.entries()) if (typeof dim === "string") symbols.set(dim, shape[axis]!);
  const replaced = new Map<Value, Value>([[old, changed]]);
  const now = (value: Value) => replaced.get(value) ?? value;
  for (const node of nodesOf([...Object.values(source.outputs), ...also])) {
    const inputs = node.inputs.map((value) => value && now(value));
    if (inputs.every((value, at) => value === node.inputs[at])) continue;
    for (const [index, value] of applied(node, inputs, symbols).entries())
      replaced.set(node.outputs[index]!, knownNumbers(value));
  }
  const outputs = Object.entries(source.outputs).map(([key, value]) => [key, now(value)] as const);
  return { graph: graph(source.name, source.inputs.map(now), Object.fromEntries(outputs)), now };
}

/** As `reshapeInput`, the graph alone. */
export function withInputShape(source: Graph, name: string, shape: Shape): Graph {
  return reshapeInput(source, name, shape).graph;
}

function inputOf(source: Graph, name: string): Value {
  const names = source.inputs.map(({ producer }) => (producer.kind === "input" ? producer.name : ""));
  const found = source.inputs[names.indexOf(name)];
  if (found) return found;
  throw new AppError("GRAPH_ATTRIBUTE", {
    required: `an input of the graph (${names.join(", ") || "it has none"})`,
    received: `'${name}'`,
    where: `graph '${source.name}'`,
  });
}

function applied(node: GraphNode, inputs: GraphNode["inputs"], symbols: ReadonlyMap<string, Dim>): readonly Value[] {
  const types = node.outputs.map(({ type }) => substituted(type, symbols));
  return apply(node.op.imported ? withTypes(node.op, types) : node.op, inputs, node.attributes);
}

const substituted = ({ dtype, shape }: TensorType, symbols: ReadonlyMap<string, Dim>): TensorType => ({
  dtype,
  shape: isStatic(shape) ? shape : shape.map((dim) => substituteDim(dim, symbols)),
});

const withTypes = (op: Op, types: readonly TensorType[]): Op => ({ ...op, infer: () => types });
