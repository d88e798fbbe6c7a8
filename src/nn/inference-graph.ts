/**
 * Inference graphs: pictures in, logits and probabilities out, with running statistics in place of
 * the batch's.
 */
import { mul } from "../graph/ops/elementwise/elementwise.ts";
import { softmax } from "../graph/ops/loss.ts";
import { type Graph, graph, input, scalar, type Value } from "../graph/value.ts";
import type { Network } from "./architectures/architecture.ts";
import { inputOf, type ModelInput, networkInput, tracedInput } from "./model-input.ts";
import type { ParameterLayout } from "./parameter-layout.ts";
import { constantsOf, createScope, parameterSlicesOf, traceLayout, valueSource } from "./scope.ts";

/** A classifier without its trained weights. */
export interface Model extends ModelInput {
  readonly network: Network;
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
export function layoutOf({ network, labels, ...given }: Model): ParameterLayout {
  network.checkSize(given.size);
  return traceLayout((scope) => network.build(scope, tracedInput(given), labels.length));
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
 * uint8 `[batchSize,H,W,C]` (or `activations`), `parameters` `[P]`, `statistics` `[S]` (left out where S is 0);
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
  model: Model,
  batch: number | "N",
  parameters: ReadonlyMap<string, Value>,
  statistics: ReadonlyMap<string, Value>,
  inputs: readonly Value[],
  temperature = 1,
): Graph {
  const fed = inputOf(model, batch);
  const scope = createScope("inference", valueSource(parameters, statistics));
  const raw = model.network.build(scope, networkInput(model, fed), model.labels.length);
  const logits = temperature === 1 ? raw : mul(raw, scalar(1 / temperature));
  return graph(name, [fed, ...inputs], { logits, probabilities: softmax(logits) });
}
