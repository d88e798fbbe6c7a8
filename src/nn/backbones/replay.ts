/** Nodes of an imported network applied again: to another input, and with weights that a scope gives. */
import { AppError, isAppError } from "../../base/errors.ts";
import { apply, type GraphNode, type Value } from "../../graph/value.ts";
import type { Initializer } from "../initializers.ts";
import { normalizeByRunning, normalizeChannels } from "../layers.ts";
import type { Scope } from "../scope.ts";
import type { Weight } from "./blocks.ts";

/** A weight that becomes a parameter. */
export interface TunedWeight {
  readonly name: string;
  /** By which the learning rate is multiplied. */
  readonly rate: number;
}

export interface ReplayOptions {
  readonly scope: Scope;
  /** Weights that are parameters; the other constants stay as they are. */
  readonly tuned: ReadonlyMap<Value, TunedWeight>;
  /** Whether norms whose weights are tuned use the batch's statistics in training, and keep running ones. */
  readonly updatesStatistics: boolean;
  /** Names the network in errors. */
  readonly where: string;
}

/** Values by what stands for them, before the nodes are gone through. */
type Replacements = Map<Value, Value>;

/**
 * What `nodes`, in their order, make of `input` in the place of `from`: the value that stands for `to`.
 * Errors: BACKBONE_UNSUITED where a node does not take an input of this shape, or a fixed batch is written into the network.
 */
export function replay(
  nodes: readonly GraphNode[],
  { from, to, input }: { readonly from: Value; readonly to: Value; readonly input: Value },
  options: ReplayOptions,
): Value {
  const now: Replacements = new Map([[from, input]]);
  for (const node of nodes) {
    const inputs = node.inputs.map((value) => value && current(value, now, options));
    const outputs = inWords(node, options.where, () => applyNode(node, inputs, options));
    for (const [at, output] of node.outputs.entries()) if (outputs[at]) now.set(output, outputs[at]);
  }
  const made = now.get(to);
  if (made) return made;
  throw new AppError("INTERNAL", {
    required: "nodes that lead to the value",
    received: "others",
    where: options.where,
  });
}

function current(value: Value, now: Replacements, { scope, tuned }: ReplayOptions): Value {
  const known = now.get(value);
  if (known) return known;
  const weight = tuned.get(value);
  if (weight === undefined) return value;
  const parameter = parameterOf(value as Weight, weight, scope); // tuned values are weights
  now.set(value, parameter);
  return parameter;
}

function parameterOf({ producer: { tensor } }: Weight, { name, rate }: TunedWeight, scope: Scope): Value {
  const { shape } = tensor;
  const data = tensor.data as Float32Array; // weights are float32
  return scope.parameter(name, shape, givenValues(data), { decay: shape.length > 1, rate });
}

/** A parameter that starts at values of an earlier training. */
export function givenValues(values: Float32Array): Initializer {
  return { name: "given", sample: () => values };
}

function applyNode(
  node: GraphNode,
  inputs: readonly (Value | undefined)[],
  { scope, tuned, updatesStatistics }: ReplayOptions,
): readonly Value[] {
  if (node.op.name !== "BatchNormalization" || node.op.imported) return apply(node.op, inputs, node.attributes);
  const [x, scale, bias, mean, variance] = inputs as readonly [Value, Value, Value, Value, Value]; // its shape rule has shown
  const epsilon = typeof node.attributes.epsilon === "number" ? node.attributes.epsilon : 1e-5;
  const norm = { scale, bias, mean, variance, epsilon };
  const learned = tuned.get(node.inputs[1]!);
  if (!learned || !updatesStatistics) return [normalizeByRunning(x, norm)];
  const layer = scope.within(learned.name);
  const running = { mean: statisticOf(mean, "mean", layer), variance: statisticOf(variance, "variance", layer) };
  return [normalizeChannels(layer, x, { ...norm, ...running })];
}

function statisticOf(value: Value, name: string, scope: Scope): Value {
  if (value.producer.kind !== "constant") return value;
  const { shape, data } = value.producer.tensor;
  return scope.statistic(name, shape, data as Float32Array); // of a norm of float32
}

/** A refusal by an op, with the node and what it may come from. */
function inWords<T>(node: GraphNode, where: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!isAppError(error) || !error.code.startsWith("GRAPH_")) throw error;
    throw new AppError("BACKBONE_UNSUITED", {
      required: "a network that takes batches of any size and pictures of the declared one",
      received: `a node ${node.op.name} that does not: ${error.message}`,
      where,
      hint: "export the model with a free batch size; see its layers: pawprint backbone inspect FILE",
      cause: error,
    });
  }
}
