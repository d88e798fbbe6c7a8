/**
 * The graph of one training step: forward pass, loss, backward pass, optimizer and running
 * statistics in one ONNX model.
 */
import { gradients } from "../../graph/autodiff.ts";
import { add, mul, sub } from "../../graph/ops/elementwise/elementwise.ts";
import { correctCount } from "../../graph/ops/loss.ts";
import { expandTo } from "../../graph/ops/movement/movement.ts";
import { float32 } from "../../graph/tensor-type.ts";
import { constant, type Graph, graph, input, scalar, type Value } from "../../graph/value.ts";
import { augmentPictures, mixTargets } from "../../nn/augment/augment.ts";
import { type Augmentation, augments, mixesPictures, noAugmentation } from "../../nn/augment/augmentation.ts";
import type { AugmentationSetup } from "../../nn/augment/draw.ts";
import { numbersPerPicture } from "../../nn/augment/numbers.ts";
import { layoutOf, type Model } from "../../nn/inference-graph.ts";
import { inputOf, type ModelInput, networkInput } from "../../nn/model-input.ts";
import { decayMask, type ParameterLayout, rateMask } from "../../nn/parameter-layout.ts";
import type { PictureSize } from "../../nn/picture-tensor.ts";
import {
  createScope,
  joinSlices,
  type MaskRequest,
  parameterSlicesOf,
  type RootScope,
  valueSource,
} from "../../nn/scope.ts";
import { meanLoss } from "./mean-loss.ts";
import type { Optimizer } from "./optimizer.ts";

export interface TrainStepOptions {
  readonly model: Model;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  readonly augmentation?: Augmentation;
  /** Share of each target that is spread over all classes, 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
  /** One factor per label; the mean loss is divided by their sum over the batch. */
  readonly classWeights?: readonly number[];
  /**
   * Height and width of the pictures that are fed, where a part of the training takes smaller ones
   * than the model.
   */
  readonly fedSize?: Pick<PictureSize, "height" | "width">;
  /** Also carries a moving average of parameters and statistics on. */
  readonly averages?: boolean;
}

/** The graph of a training step, and what has to be fed to it. */
export interface TrainStep {
  readonly graph: Graph;
  readonly layout: ParameterLayout;
  /** The vectors that a step reads under these names and gives back under `nextName`. */
  readonly stateNames: readonly string[];
  /** Dropout masks to feed, each drawn anew. */
  readonly masks: readonly MaskRequest[];
  /** Where pictures are varied: what the numbers that are fed as `augmentation` are drawn by. */
  readonly augmentation: AugmentationSetup | undefined;
  /** What is fed: pictures of the size of this part of the training, or activations. */
  readonly input: ModelInput;
  /** Whether it is fed `averageShare`. */
  readonly averages: boolean;
}

/** How much of the running statistics each batch replaces, as in PyTorch. */
const statisticsMomentum = 0.1;

/** The output that holds a state vector after the step. */
export const nextName = (name: string): string => `${name}.next`;

/** The graph inputs that hold the moving averages of a state vector. */
export const averageName = (name: "parameters" | "statistics"): string => `average.${name}`;

/** The graph input that holds one of the optimizer's vectors. */
export const optimizerStateName = (name: string): string => `optimizer.${name}`;

/**
 * Builds one training step for batches of a fixed size B. Inputs: `pictures` uint8 `[B,H,W,C]` (or `activations` float32 `[B,...]`),
 * `targets` int32 `[B]`, `parameters` `[P]`, `statistics` `[S]` (where S > 0), `optimizer.*` `[P]`
 * each, the optimizer's scalars `[]`, `augmentation` `[B,numbersPerPicture]` where it augments,
 * masks where it drops; where it averages `average.parameters` `[P]`, `average.statistics` `[S]`
 * and `averageShare` `[]`, by which the averages move towards the new values. Outputs: every state
 * vector as `NAME.next`, `loss` `[]` (mean over the batch, before the update), `correct` `[]` (of
 * mixed pictures: answers that name the class with the larger share).
 */
export function buildTrainStep(options: TrainStepOptions): TrainStep {
  const { model, batchSize, optimizer, augmentation = noAugmentation, labelSmoothing = 0, classWeights } = options;
  const { normalization, network, labels } = model;
  const size: PictureSize = { ...model.size, ...options.fedSize };
  const fed: ModelInput = { size, normalization, ...(model.activations && { activations: model.activations }) };
  const layout = layoutOf(model);
  const pictures = inputOf(fed, batchSize);
  const targets = input("targets", "int32", [batchSize]);
  const parameters = input("parameters", "float32", [layout.parameterCount]);
  const statistics = input("statistics", "float32", [layout.statisticCount]);
  const hasStatistics = layout.statisticCount > 0;
  const optimizerState = vectorInputs(optimizer.stateNames.map(optimizerStateName), layout.parameterCount);
  const scalarNames = Object.keys(optimizer.scalars({ learningRate: 1, step: 1 }));
  const scalars = scalarNames.map((name) => input(name, "float32", []));
  const setup = augments(augmentation) && !model.activations ? { augmentation, size, normalization } : undefined;
  const numbers = input("augmentation", "float32", [batchSize, numbersPerPicture(size.channels)]);

  const x = setup ? augmentPictures(pictures, numbers, setup) : networkInput(fed, pictures);
  const wanted = setup && mixesPictures(augmentation) ? mixTargets(targets, numbers, setup, labels.length) : targets;
  const slices = parameterSlicesOf(parameters, layout.parameters);
  const statisticSlices = hasStatistics ? parameterSlicesOf(statistics, layout.statistics) : new Map<string, Value>();
  const scope = createScope("training", valueSource(slices, statisticSlices));
  const logits = network.build(scope, x, labels.length);
  const loss = meanLoss(logits, wanted, { labelSmoothing, ...(classWeights ? { classWeights } : {}) });

  const updated = optimizer.update({
    parameters,
    gradient: flatGradient(loss, slices, layout),
    state: Object.fromEntries(optimizer.stateNames.map((name, at) => [name, optimizerState[at]!])),
    scalars: Object.fromEntries(scalarNames.map((name, at) => [name, scalars[at]!])),
    decayMask: constant(float32([layout.parameterCount], decayMask(layout))),
  });
  const nextParameters = atOwnRates(parameters, updated.parameters, layout);

  const inputs = [
    pictures,
    targets,
    parameters,
    ...optimizerState,
    ...scalars,
    ...scope.masks.map(({ value }) => value),
  ];
  if (hasStatistics) inputs.push(statistics);
  if (setup) inputs.push(numbers);
  const state: Record<string, Value> = { parameters: nextParameters };
  if (hasStatistics) state.statistics = nextStatistics(statistics, statisticSlices, scope, layout);
  for (const name of optimizer.stateNames) state[optimizerStateName(name)] = updated.state[name]!;
  if (options.averages) {
    const share = input("averageShare", "float32", []);
    inputs.push(share);
    for (const name of ["parameters", "statistics"] as const) {
      const next = state[name];
      if (next === undefined) continue;
      const average = input(averageName(name), "float32", next.type.shape);
      inputs.push(average);
      state[averageName(name)] = add(average, mul(sub(next, average), share));
    }
  }
  const outputs = Object.fromEntries(Object.entries(state).map(([name, value]) => [nextName(name), value]));
  return {
    graph: graph("train-step", inputs, { ...outputs, loss, correct: correctCount(logits, wanted) }),
    layout,
    stateNames: Object.keys(state),
    masks: scope.masks.map(({ name, shape, rate }) => ({ name, shape, rate })),
    augmentation: setup,
    input: fed,
    averages: options.averages ?? false,
  };
}

/** Each parameter's own share of the step: that of earlier layers is smaller where a network is fine-tuned. */
function atOwnRates(before: Value, after: Value, layout: ParameterLayout): Value {
  if (layout.parameters.every(({ rate }) => rate === 1)) return after;
  const rates = constant(float32([layout.parameterCount], rateMask(layout)));
  return add(before, mul(sub(after, before), rates));
}

function vectorInputs(names: readonly string[], length: number): readonly Value[] {
  return names.map((name) => input(name, "float32", [length]));
}

/** The gradient of all parameters as one vector `[P]`; zeros for frozen ones. */
function flatGradient(loss: Value, slices: ReadonlyMap<string, Value>, layout: ParameterLayout): Value {
  const trained = layout.parameters.filter(({ trainable }) => trainable);
  const found = gradients(
    loss,
    trained.map(({ name }) => slices.get(name)!),
  );
  const parts = new Map(trained.map(({ name }, at) => [name, found[at]!]));
  for (const { name, shape, trainable } of layout.parameters) {
    if (!trainable) parts.set(name, expandTo(scalar(0), shape));
  }
  return joinSlices(parts, layout.parameters);
}

/**
 * running + 0.1 (correction * batch - running), for all statistics at once; frozen layers observe
 * none.
 */
function nextStatistics(
  statistics: Value,
  slices: ReadonlyMap<string, Value>,
  scope: RootScope,
  layout: ParameterLayout,
): Value {
  const observed = new Map([...slices, ...scope.observations.map(({ name, value }) => [name, value] as const)]);
  const correctionOf = new Map(scope.observations.map(({ name, correction }) => [name, correction]));
  const corrections = new Float32Array(layout.statisticCount);
  for (const { name, offset, size } of layout.statistics) {
    corrections.fill(correctionOf.get(name) ?? 1, offset, offset + size);
  }
  const batch = mul(joinSlices(observed, layout.statistics), constant(float32([layout.statisticCount], corrections)));
  return add(statistics, mul(sub(batch, statistics), scalar(statisticsMomentum)));
}
