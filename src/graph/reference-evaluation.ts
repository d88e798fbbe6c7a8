/**
 * Runs a graph in float64 by the ops' reference implementations, which faster executors are
 * compared with.
 */
import { AppError } from "../base/errors.ts";
import type { ReferenceTensor, Value } from "./op.ts";
import { toReference } from "./reference-tensor.ts";
import { type Graph, nodesOf } from "./value.ts";

/**
 * Computes each output of a graph from float64 feeds, by name. Nothing is rounded on the way,
 * whatever the dtypes say. Feeds must fit the graph's inputs in shape: executors check that before.
 */
export function evaluateReference(
  graph: Graph,
  feeds: Readonly<Record<string, ReferenceTensor>>,
): Readonly<Record<string, ReferenceTensor>> {
  const known = new Map<Value, ReferenceTensor>();
  const tensorOf = (value: Value): ReferenceTensor => {
    const found = known.get(value) ?? sourceTensor(value, feeds);
    known.set(value, found);
    return found;
  };
  for (const node of nodesOf(Object.values(graph.outputs))) {
    const inputs = node.inputs.map((value) => value && tensorOf(value));
    for (const [index, tensor] of node.op.reference(inputs, node.attributes).entries()) {
      const output = node.outputs[index];
      if (output) known.set(output, tensor);
    }
  }
  return Object.fromEntries(Object.entries(graph.outputs).map(([name, value]) => [name, tensorOf(value)]));
}

function sourceTensor({ producer }: Value, feeds: Readonly<Record<string, ReferenceTensor>>): ReferenceTensor {
  if (producer.kind === "constant") return toReference(producer.tensor);
  const fed = producer.kind === "input" ? feeds[producer.name] : undefined;
  if (fed) return fed;
  const received = producer.kind === "input" ? `none for '${producer.name}'` : producer.op.name;
  throw new AppError("INTERNAL", { required: "a value that is fed, constant or computed before its use", received });
}
