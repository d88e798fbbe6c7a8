/** A classifier whose logits are divided by one more temperature. */
import { mul } from "../../graph/ops/elementwise/elementwise.ts";
import { softmax } from "../../graph/ops/loss.ts";
import { type Graph, graph as graphOf, scalar, type Value } from "../../graph/value.ts";

/** The factor that stands at the logits already takes it up, where there is one. Outputs: `logits`, `probabilities`. */
export function withTemperature(source: Graph, temperature: number): Graph {
  if (temperature === 1) return source;
  const logits = scaled(source.outputs.logits!, 1 / temperature);
  return graphOf(source.name, source.inputs, { logits, probabilities: softmax(logits) });
}

function scaled(logits: Value, factor: number): Value {
  const { producer } = logits;
  if (producer.kind === "node" && producer.op.name === "Mul" && !producer.op.imported) {
    const [x, known] = producer.inputs;
    if (x && known?.producer.kind === "constant" && known.type.shape.length === 0) {
      return mul(x, scalar(Number(known.producer.tensor.data[0]) * factor));
    }
  }
  return mul(logits, scalar(factor));
}
