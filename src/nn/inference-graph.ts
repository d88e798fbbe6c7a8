/**
 * Inference graphs: pictures in, logits and probabilities out, with running statistics in place of
 * the batch's.
 */
import { mul } from "../graph/ops/elementwise/elementwise.ts";
import { softmax } from "../graph/ops/loss.ts";
import { type Graph, graph, input, scalar, type Value } from "../graph/value.ts";
import type { Network } from "./architectures/architecture.ts";
import type { ParameterLayout } from "./parameter-layout.ts";
import { type Normalization, normalizePictures, type PictureSize } from "./picture-tensor.ts";
import { constantsOf, createScope, parameterSlicesOf, traceLayout, valueSource } from "./scope.ts";

/** A classifier without its trained weights. */
export interface Model {
  readonly network: Network;
  readonly size: PictureSize;
  readonly normalization: Normalization;
  /** Class names; their order is the order of the logits. */
  readonly labels: readonly string[];
}

/** The trained weights. */
export interface Weights {
  /** `[P]`, as the layout says. */
  readonly parameters: Float32Array;
  /** `[S]` running statistics. */
  readonly statistics: Float32Array;
}

/**
 * The places of a model's parameters and statistics. Throws CONFIG_INVALID for a size that the
 * network cannot take.
 */
export function layoutOf({ network, size, labels }: Model): ParameterLayout {
  network.checkSize(size);
  const pictures = input("pictures", "float32", [1, size.channels, size.height, size.width]);
  return traceLayout((scope) => network.build(scope, pictures, labels.length));
}

/**
 * The graph that is exported: weights as constants, batch normalisation folded into the
 * convolutions (in float64). Input `pictures` uint8 `[N,H,W,C]`, N free; outputs `logits`, divided
 * by `temperature`, and `probabilities`, their softmax; both float32 `[N,labels]`.
 */
export function buildInferenceGraph(model: Model, weights: Weights, temperature = 1): Graph {
  const layout = layoutOf(model);
  const parameters = constantsOf(weights.parameters, layout.parameters);
  const statistics = constantsOf(weights.statistics, layout.statistics);
  return classifierGraph("classifier", model, "N", parameters, statistics, [], temperature);
}

/**
 * The same outputs from weights that are fed, for evaluation between epochs: inputs `pictures`
 * uint8 `[batchSize,H,W,C]`, `parameters` `[P]`, `statistics` `[S]` (left out where S is 0);
 * outputs `logits` and `probabilities`.
 */
export function buildEvaluateGraph(model: Model, batchSize: number): Graph {
  const layout = layoutOf(model);
  const parameters = input("parameters", "float32", [layout.parameterCount]);
  const statistics = input("statistics", "float32", [layout.statisticCount]);
  return classifierGraph(
    "evaluate",
    model,
    batchSize,
    parameterSlicesOf(parameters, layout.parameters),
    layout.statisticCount > 0 ? parameterSlicesOf(statistics, layout.statistics) : new Map(),
    layout.statisticCount > 0 ? [parameters, statistics] : [parameters],
  );
}

function classifierGraph(
  name: string,
  { network, size, normalization, labels }: Model,
  batch: number | "N",
  parameters: ReadonlyMap<string, Value>,
  statistics: ReadonlyMap<string, Value>,
  inputs: readonly Value[],
  temperature = 1,
): Graph {
  const pictures = input("pictures", "uint8", [batch, size.height, size.width, size.channels]);
  const scope = createScope("inference", valueSource(parameters, statistics));
  const raw = network.build(scope, normalizePictures(pictures, normalization), labels.length);
  const logits = temperature === 1 ? raw : mul(raw, scalar(1 / temperature));
  return graph(name, [pictures, ...inputs], { logits, probabilities: softmax(logits) });
}
