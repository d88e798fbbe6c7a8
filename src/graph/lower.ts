/** Lowering of composite ops to standard ONNX ops. */

import { type Graph, nodesOf, rewrite, type Value } from "./value.ts";

/**
 * The same graph in standard ONNX ops only. Composite ops within expansions are expanded too.
 * Executors with faster implementations of some composite ops rewrite those first.
 */
export function expandComposites(source: Graph): Graph {
  let graph = source;
  while (nodesOf(Object.values(graph.outputs)).some((node) => node.op.expand)) {
    // Every input of a composite op is required, as its shape rule has shown.
    graph = rewrite(graph, (node, inputs) => node.op.expand?.(inputs as readonly Value[], node.attributes));
  }
  return graph;
}
