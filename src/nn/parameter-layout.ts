/**
 * The place of each parameter and running statistic of a network. All parameters
 * live in ONE float32 vector [P] and all running statistics in one [S], so that optimizers,
 * clipping, checkpoints and double buffers work on whole vectors and never loop over layers.
 */
import { AppError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { sizeOf } from "../graph/tensor-type.ts";
import type { Initializer } from "./initializers.ts";

/** One tensor's place in a flat vector. */
export interface Slot {
  /** The path through the layers: `block1.conv1.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** The first element's index in the flat vector; the slot ends at `offset + size`. */
  readonly offset: number;
  readonly size: number;
}

export interface ParameterSlot extends Slot {
  readonly initializer: Initializer;
  /** Whether weight decay applies: to weights, not to biases and the scales of norms. */
  readonly decay: boolean;
  /** Whether training changes it; a frozen slot gets no gradient, no update and no weight decay. */
  readonly trainable: boolean;
  /** By which the learning rate is multiplied; 1 as a rule. */
  readonly rate: number;
}

export interface StatisticSlot extends Slot {
  /**
   * What the statistic is before the first batch: 0 for a mean, 1 for a variance; of a network that was trained
   * before its values.
   */
  readonly initial: number | Float32Array;
}

/** Where each parameter and each statistic lies in its vector. */
export interface ParameterLayout {
  readonly parameters: readonly ParameterSlot[];
  /** P, the length of the parameter vector. */
  readonly parameterCount: number;
  readonly statistics: readonly StatisticSlot[];
  /**
   * S, the length of the vector of running statistics; 0 for a network without normalisation
   * layers.
   */
  readonly statisticCount: number;
}

export type ParameterRequest = Pick<ParameterSlot, "name" | "shape" | "initializer" | "decay" | "trainable" | "rate">;
export type StatisticRequest = Pick<StatisticSlot, "name" | "shape" | "initial">;

/** Lays tensors out one after the other, in the order of the network's requests. */
export function layOut(
  parameters: readonly ParameterRequest[],
  statistics: readonly StatisticRequest[],
): ParameterLayout {
  const [parameterSlots, parameterCount] = place(parameters);
  const [statisticSlots, statisticCount] = place(statistics);
  return { parameters: parameterSlots, parameterCount, statistics: statisticSlots, statisticCount };
}

function place<T extends { readonly name: string; readonly shape: readonly number[] }>(
  requests: readonly T[],
): [readonly (T & Slot)[], number] {
  const seen = new Set<string>();
  let offset = 0;
  const slots = requests.map((request) => {
    if (seen.has(request.name)) {
      throw new AppError("INTERNAL", { required: "a unique name for each parameter", received: request.name });
    }
    seen.add(request.name);
    const size = sizeOf(request.shape);
    const slot = { ...request, offset, size };
    offset += size;
    return slot;
  });
  return [slots, offset];
}

/**
 * Initial parameters [P]. Each one draws from a random stream of its own name, so that a new layer
 * never changes another's initial values.
 */
export function initialParameters(layout: ParameterLayout, random: Random): Float32Array {
  const vector = new Float32Array(layout.parameterCount);
  for (const { name, shape, offset, initializer } of layout.parameters) {
    vector.set(initializer.sample(shape, random.split(name)), offset);
  }
  return vector;
}

/** Running statistics [S] of a network that has seen no batch. */
export function initialStatistics(layout: ParameterLayout): Float32Array {
  const vector = new Float32Array(layout.statisticCount);
  for (const { offset, size, initial } of layout.statistics) {
    if (typeof initial === "number") vector.fill(initial, offset, offset + size);
    else vector.set(initial, offset);
  }
  return vector;
}

/** 1 where weight decay applies, 0 elsewhere, which includes frozen slots: [P]. */
export function decayMask(layout: ParameterLayout): Float32Array {
  const mask = new Float32Array(layout.parameterCount);
  for (const { offset, size, decay, trainable } of layout.parameters) {
    if (decay && trainable) mask.fill(1, offset, offset + size);
  }
  return mask;
}

/** By which each parameter's learning rate is multiplied: [P]. */
export function rateMask(layout: ParameterLayout): Float32Array {
  const mask = new Float32Array(layout.parameterCount);
  for (const { offset, size, rate } of layout.parameters) mask.fill(rate, offset, offset + size);
  return mask;
}
