/** Lowering: composite ops give way to the standard ONNX ops that they stand for. */

import { type Graph, nodesOf, rewrite, type Value } from "./value.ts";

/**
 * The same graph in standard ONNX ops only. What a composite op expands to may itself hold
 * composite ops; they go too. Executors that know faster forms of some composite ops rewrite those
 * first and hand the rest to this.
 */
export function expandComposites(source: Graph): Graph {
  let graph = source;
  while (nodesOf(Object.values(graph.outputs)).some((node) => node.op.expand)) {
    // Every input of a composite op is required, as its shape rule has shown.
    graph = rewrite(graph, (node, inputs) => node.op.expand?.(inputs as readonly Value[], node.attributes));
  }
  return graph;
}
