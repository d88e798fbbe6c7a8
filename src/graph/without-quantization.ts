/** The float form of a quantised graph, which has gradients. */
import { clip } from "./ops/elementwise/activation.ts";
import { quantizedRange } from "./quantized-range.ts";
import { fromReference, toReference } from "./reference-tensor.ts";
import { constant, type Graph, type GraphNode, rewrite, type Value } from "./value.ts";

/**
 * The graph with weights and biases as the floats that they stand for, and in the place of each activation of 8 bits
 * the limits of its range: what it computes but for the rounding. Where scales differ along an axis, or are
 * not known, nodes stay as they are; so does a graph that is not quantised.
 */
export function withoutQuantization(source: Graph): Graph {
  const limited = new Map<Value, Value>();
  return rewrite(source, (node, inputs) => {
    if (node.op.name !== "DequantizeLinear" || node.op.imported || !node.outputs[0]) return undefined;
    const tensors = inputs.flatMap((value) => (value?.producer.kind === "constant" ? [value.producer.tensor] : []));
    if (tensors.length === inputs.length) {
      return node.op
        .reference(tensors.map(toReference), node.attributes)
        .map((tensor) => constant(fromReference(tensor)));
    }
    const [quantized] = inputs;
    const producer = quantized?.producer;
    if (!quantized || producer?.kind !== "node" || producer.op.name !== "QuantizeLinear") return undefined;
    const known = limited.get(quantized) ?? limitedInput(producer);
    if (known) limited.set(quantized, known);
    return known && [known];
  });
}

/** What is quantised, within the range that 8 bits can hold; for one scale and zero point alone. */
function limitedInput({ inputs, outputs }: GraphNode): Value | undefined {
  const [x, scale, zeroPoint] = inputs;
  const dtype = outputs[0]?.type.dtype === "int8" ? "int8" : "uint8";
  const step = singleNumber(scale);
  const zero = zeroPoint === undefined ? 0 : singleNumber(zeroPoint);
  if (!x || step === undefined || zero === undefined) return undefined;
  const [low, high] = quantizedRange[dtype];
  return clip(x, { min: (low - zero) * step, max: (high - zero) * step });
}

function singleNumber(value: Value | undefined): number | undefined {
  if (value?.producer.kind !== "constant" || value.producer.tensor.data.length !== 1) return undefined;
  return Number(value.producer.tensor.data[0]);
}
