/**
 * Scopes give a network its parameters while its graph is built. The network is a pure function of
 * a scope. The scope's source decides what a parameter is: a slice of a fed vector (training), a
 * constant (export), or a placeholder (to trace the layout).
 */
import { AppError, isAppError } from "../base/errors.ts";
import { concat, reshape, split } from "../graph/ops/movement/movement.ts";
import { formatShape, sameShape } from "../graph/tensor-type.ts";
import { constant, input, type Value } from "../graph/value.ts";
import type { Initializer } from "./initializers.ts";
import {
  layOut,
  type ParameterLayout,
  type ParameterRequest,
  type Slot,
  type StatisticRequest,
} from "./parameter-layout.ts";

/**
 * Training uses the batch's own statistics and drops units; inference uses the running statistics
 * and drops none.
 */
export type Mode = "training" | "inference";

/** A random 0/1 tensor that must be fed at every training step. */
export interface MaskRequest {
  readonly name: string;
  readonly shape: readonly number[];
  /** The share of zeros, 0 to 1. */
  readonly rate: number;
}

/** A statistic of this batch, from a normalisation layer. */
export interface Observation {
  readonly name: string;
  readonly value: Value;
  /** What the value is multiplied by before it enters the running average. */
  readonly correction: number;
}

/** Where a network's parameters and statistics come from. */
export interface ParameterSource {
  parameter(request: ParameterRequest): Value;
  statistic(request: StatisticRequest): Value;
}

/** What a network asks for its parameters while its graph is built. */
export interface Scope {
  readonly mode: Mode;
  /** The layer's full name: `block1.conv1`; "" at the top. */
  readonly path: string;
  /** The scope of a layer inside this one. */
  within(name: string): Scope;
  /** The same scope for fixed layers: parameters are not trained, and the mode is inference. */
  frozen(): Scope;
  /** A tensor of the network. It is trained and decays unless that is switched off. */
  parameter(
    name: string,
    shape: readonly number[],
    initializer: Initializer,
    options?: { readonly decay?: boolean; readonly trainable?: boolean; readonly rate?: number },
  ): Value;
  /** A running statistic that starts at `initial`, everywhere or one by one. */
  statistic(name: string, shape: readonly number[], initial: number | Float32Array): Value;
  /** Registers this batch's value of a statistic. */
  observe(name: string, value: Value, correction?: number): void;
  /** A 0/1 tensor with a share `rate` of zeros, drawn anew and fed at every step. Training only. */
  mask(name: string, shape: readonly number[], rate: number): Value;
}

/** A scope together with the observations and masks that the network registered. */
export interface RootScope extends Scope {
  readonly observations: readonly Observation[];
  readonly masks: readonly (MaskRequest & { readonly value: Value })[];
}

/** Makes the top scope of one build. */
export function createScope(mode: Mode, source: ParameterSource): RootScope {
  const observations: Observation[] = [];
  const masks: (MaskRequest & { value: Value })[] = [];
  const at = (path: string, ownMode: Mode, isFrozen: boolean): Scope => {
    const nameOf = (name: string) => (path === "" ? name : `${path}.${name}`);
    return {
      mode: ownMode,
      path,
      within: (name) => at(nameOf(name), ownMode, isFrozen),
      frozen: () => at(path, "inference", true),
      parameter: (name, shape, initializer, { decay = true, trainable = true, rate = 1 } = {}) =>
        source.parameter({ name: nameOf(name), shape, initializer, decay, trainable: trainable && !isFrozen, rate }),
      statistic: (name, shape, initial) => source.statistic({ name: nameOf(name), shape, initial }),
      observe: (name, value, correction = 1) => observations.push({ name: nameOf(name), value, correction }),
      mask: (name, shape, rate) => {
        const request = { name: nameOf(name), shape, rate };
        const value = input(request.name, "float32", shape);
        masks.push({ ...request, value });
        return value;
      },
    };
  };
  return { ...at("", mode, false), observations, masks };
}

/** Builds a network once on placeholders and records its requests as a layout. */
export function traceLayout(network: (scope: Scope) => unknown): ParameterLayout {
  const parameters: ParameterRequest[] = [];
  const statistics: StatisticRequest[] = [];
  const scope = createScope("inference", {
    parameter: (request) => {
      parameters.push(request);
      return input(request.name, "float32", request.shape);
    },
    statistic: (request) => {
      statistics.push(request);
      return input(request.name, "float32", request.shape);
    },
  });
  network(scope);
  return layOut(parameters, statistics);
}

/** The slices of a flat vector, by name: one Split, then a Reshape each. */
export function parameterSlicesOf(vector: Value, slots: readonly Slot[]): ReadonlyMap<string, Value> {
  const parts =
    slots.length === 1
      ? [vector]
      : split(
          vector,
          slots.map((slot) => slot.size),
          0,
        );
  return new Map(slots.map((slot, at) => [slot.name, reshape(parts[at]!, slot.shape)]));
}

/**
 * The inverse of `slicesOf`: joins values, given by name, into a flat vector in the order of the
 * slots.
 */
export function joinSlices(values: ReadonlyMap<string, Value>, slots: readonly Slot[]): Value {
  const parts = slots.map((slot) => reshape(values.get(slot.name) ?? missing(slot.name), [slot.size]));
  return parts.length === 1 ? parts[0]! : concat(parts, 0);
}

/** A source of values by name. Errors: GRAPH_SHAPE where a shape is not the requested one. */
export function valueSource(
  parameters: ReadonlyMap<string, Value>,
  statistics: ReadonlyMap<string, Value>,
): ParameterSource {
  const find = (values: ReadonlyMap<string, Value>, name: string, shape: readonly number[]): Value => {
    const value = values.get(name) ?? missing(name);
    if (sameShape(value.type.shape, shape)) return value;
    throw new AppError("GRAPH_SHAPE", {
      required: `shape ${formatShape(shape)} for parameter '${name}'`,
      received: formatShape(value.type.shape),
    });
  };
  return {
    parameter: ({ name, shape }) => find(parameters, name, shape),
    statistic: ({ name, shape }) => find(statistics, name, shape),
  };
}

/** Trained vectors as constants of the graph. */
export function constantsOf(vector: Float32Array, slots: readonly Slot[]): ReadonlyMap<string, Value> {
  return new Map(
    slots.map(({ name, shape, offset, size }) => [
      name,
      constant({ dtype: "float32", shape, data: vector.slice(offset, offset + size) }),
    ]),
  );
}

function missing(name: string): never {
  throw new AppError("INTERNAL", { required: `a value for parameter '${name}'`, received: "none" });
}

/** Runs a layer's construction so that a refusal by one of its ops names the layer. */
export function inLayer<T>(path: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!isAppError(error) || error.where !== undefined) throw error;
    throw new AppError(error.code, {
      required: error.required,
      where: `layer '${path}'`,
      cause: error,
      ...(error.received === undefined ? {} : { received: error.received }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}
