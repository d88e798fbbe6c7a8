/** Who reads a value of the graph that is lowered: what may be scaled, left out or overwritten. */
import type { GraphNode, Value } from "../../graph/value.ts";

export interface Readers {
  /** Whether one node, in one place, is all that reads the value; results of the graph count. */
  isReadOnce(value: Value): boolean;
  /** Whether no node after this one reads the value, which may then be overwritten. */
  isLastReader(node: GraphNode, value: Value): boolean;
}

/** @param nodes in the order of their use */
export function findReaders(nodes: readonly GraphNode[], results: readonly Value[]): Readers {
  const counts = new Map<Value, number>();
  const last = new Map<Value, GraphNode>();
  const count = (value: Value) => counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const node of nodes) {
    for (const value of node.inputs) {
      if (!value) continue;
      count(value);
      last.set(value, node);
    }
  }
  for (const value of results) {
    count(value);
    last.delete(value);
  }
  return {
    isReadOnce: (value) => counts.get(value) === 1,
    isLastReader: (node, value) => last.get(value) === node && value.producer.kind === "node",
  };
}
