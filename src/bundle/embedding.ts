/**
 * The embedding of a picture: what the last linear layer of a bundle's graph takes, as few numbers.
 *
 * It is no part of the file, whose outputs stay `logits` and `probabilities`: whoever wants it adds it
 * to the decoded graph, so that one run gives both. Bundles of any version have it, and whoever does
 * not want it pays nothing.
 */
import { createRandom } from "../base/random.ts";
import { gemm } from "../graph/ops/linear.ts";
import { constant, type Graph, graph, nodesOf, type Value } from "../graph/value.ts";

/** Of what an embedding is and how it is projected: only those of one version can be compared. */
export const embeddingVersion = 1;

/** Numbers of an embedding at most. Distances then keep to within some 25 % (deviation 1 / sqrt(2 * 32)). */
export const maximumEmbedding = 32;

/** A name that no graph of another program has for something else. */
export const embeddingOutput = "pawprint.embedding";

/** The activations that the last linear layer takes, float32 `[N,width]`. */
export interface Embedding {
  readonly activations: Value;
  /** Of the activations. */
  readonly width: number;
  /** Of the embedding: the width, or 32 where it is more. */
  readonly size: number;
}

/** Where the embedding of a classifier comes from; undefined where its logits come from no linear layer. */
export function embeddingOf({ outputs }: Graph): Embedding | undefined {
  const activations = outputs.logits && lastLinearInput(outputs.logits);
  if (activations === undefined) return undefined;
  const { dtype, shape } = activations.type;
  const width = shape[1];
  if (dtype !== "float32" || shape.length !== 2 || typeof width !== "number") return undefined;
  return { activations, width, size: Math.min(width, maximumEmbedding) };
}

/**
 * The same graph with a last output, `embeddingOutput` float32 `[N,size]`: the activations, or where they are
 * more than 32 numbers their projection by a fixed matrix of +1 and -1 over sqrt(32), which depends on
 * their width alone. Its inputs, weights and other outputs stay; a graph without an embedding is given back.
 * Source: Achlioptas, Database-friendly random projections, Journal of Computer and System Sciences
 * 66 (2003), theorem 1.1.
 */
export function withEmbedding(classifier: Graph): Graph {
  const found = embeddingOf(classifier);
  if (found === undefined) return classifier;
  const { activations, width, size } = found;
  const embedding = width === size ? activations : gemm(activations, constant(projection(width, size)));
  return graph(classifier.name, classifier.inputs, { ...classifier.outputs, [embeddingOutput]: embedding });
}

function projection(width: number, size: number) {
  const random = createRandom("pawprint.embedding").split(width);
  const scale = 1 / Math.sqrt(size);
  const data = Float32Array.from({ length: width * size }, () => (random.integer(2) === 0 ? -scale : scale));
  return { dtype: "float32" as const, shape: [width, size], data };
}

/** Ops that may stand between the last layer and the logits: a bias of its own, the temperature. */
const afterLayer: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div", "Identity"]);

function lastLinearInput(logits: Value): Value | undefined {
  let value = logits;
  while (value.producer.kind === "node") {
    const { op, inputs, attributes } = value.producer;
    const moving = inputs.filter((source) => source !== undefined && dependsOnInput(source));
    const [source] = moving;
    if (source === undefined || moving.length > 1) return undefined;
    if (op.name === "Gemm" || op.name === "MatMul") {
      return source === inputs[0] && !attributes.transA ? source : undefined;
    }
    if (!afterLayer.has(op.name)) return undefined;
    value = source;
  }
  return undefined;
}

/** False for weights, and for what is made of weights alone. */
function dependsOnInput(value: Value): boolean {
  const isInput = (source: Value | undefined): boolean => source?.producer.kind === "input";
  return isInput(value) || nodesOf([value]).some(({ inputs }) => inputs.some(isInput));
}
