/**
 * The CPU fast path: rewrites a graph so that pictures stay in ONNX Runtime's blocked layout from
 * the first convolution to the last, forwards and backwards. Results differ from the portable
 * graph's by float32 rounding only.
 */
import { apply, type Graph, graph, nodesOf } from "../../graph/value.ts";
import { createBlockedLayout, type RewriteContext, type Rule } from "./blocked-layout.ts";
import { planGradientScales } from "./gradient-scale.ts";
import { findReaders } from "./readers.ts";
import { convolutionRules, lowersInputGradient } from "./rules/convolution.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { lowersNormGradient, normalisationRules } from "./rules/normalisation.ts";
import { lowersExpand, poolingRules } from "./rules/pooling.ts";
import { reductionRules } from "./rules/reduction.ts";
import { widenChannels } from "./wide-channels.ts";

const rules: Readonly<Record<string, Rule>> = {
  ...elementwiseRules,
  ...convolutionRules,
  ...normalisationRules,
  ...poolingRules,
  ...reductionRules,
};

/**
 * Walks the graph once. Each node's rule takes its inputs in the layout that it needs; a node
 * without a rule, or whose rule returns false, is applied to plain values.
 *
 * @param block how many channels lie side by side on this CPU, see `detectBlockSize`
 */
export function lowerBlocked(narrow: Graph, block: number): Graph {
  const source = widenChannels(narrow, block);
  const nodes = nodesOf(Object.values(source.outputs));
  const layout = createBlockedLayout(block);
  const readers = findReaders(nodes, Object.values(source.outputs));
  const scales = planGradientScales(
    nodes,
    readers,
    (node) => lowersNormGradient(node, layout),
    (node) => !node.op.imported && (lowersInputGradient(node, layout) || lowersExpand(node, layout)),
  );
  const context: RewriteContext = { ...layout, scales, readers };
  for (const node of nodes) {
    if (!node.op.imported && rules[node.op.name]?.(node, context)) continue;
    const inputs = node.inputs.map((value) => value && context.plain(value));
    for (const [at, output] of apply(node.op, inputs, node.attributes).entries()) context.setPlain(node, output, at);
  }
  const outputs = Object.entries(source.outputs).map(([name, value]) => [name, context.plain(value)] as const);
  return graph(source.name, source.inputs, Object.fromEntries(outputs));
}
