/**
 * Turns the samples of the op table into graphs with seeded random feeds, their losses and their
 * gradients.
 */
import { isAppError } from "../../src/base/errors.ts";
import { createRandom } from "../../src/base/random.ts";
import { gradients } from "../../src/graph/autodiff.ts";
import type { Op, OpSample, ReferenceTensor, SampleInput } from "../../src/graph/op.ts";
import { add, mul } from "../../src/graph/ops/elementwise/elementwise.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { fromReference } from "../../src/graph/reference-tensor.ts";
import { sizeOf } from "../../src/graph/tensor-type.ts";
import { apply, constant, input, type Value } from "../../src/graph/value.ts";

export type Feeds = Record<string, ReferenceTensor>;

export interface BuiltSample {
  readonly title: string;
  /** All inputs of the op, and those of them that are fed. */
  readonly inputs: readonly (Value | undefined)[];
  readonly fed: readonly Value[];
  readonly outputs: readonly Value[];
  readonly feeds: Feeds;
  /** Whether every number that is fed is finite; gradients are asked for only then. */
  readonly isFinite: boolean;
}

/**
 * Random values of a sample input, representable in its dtype, so that every executor starts from
 * the same numbers.
 */
export function randomTensor(spec: SampleInput, seed: string): ReferenceTensor {
  const { dtype = "float32", shape, range = dtype === "bool" ? [0, 2] : [-1, 1] } = spec;
  const random = createRandom(seed);
  const draw = () => {
    const value = range[0] + random.next() * (range[1] - range[0]);
    return dtype === "float32" ? Math.fround(value) : Math.floor(value);
  };
  const values = spec.values?.map(Math.fround) ?? Array.from({ length: sizeOf(shape) }, draw);
  return { dtype, shape, data: Float64Array.from(values) };
}

export function buildSample(op: Op, sample: OpSample, prefix: string): BuiltSample {
  const feeds: Feeds = {};
  const inputs = sample.inputs.map((spec, at) => {
    if (!spec) return undefined;
    const name = `${prefix}_in${at}`;
    const tensor = randomTensor(spec, `${op.name} ${name}`);
    if (spec.constant) return constant(fromReference(tensor));
    feeds[name] = tensor;
    return input(name, tensor.dtype, tensor.shape);
  });
  const shapes = sample.inputs.map((spec) => (spec ? `[${spec.shape.join(",")}]` : "none")).join(" ");
  return {
    title: `${op.name} ${shapes} ${JSON.stringify(sample.attributes ?? {})}`,
    inputs,
    fed: inputs.filter((value) => value?.producer.kind === "input") as Value[],
    outputs: apply(op, inputs, sample.attributes),
    feeds,
    isFinite: Object.values(feeds).every(({ data }) => data.every(Number.isFinite)),
  };
}

/**
 * The sum of all float outputs, each element times a random weight; `undefined` where no output is
 * float.
 */
export function weightedLoss({ title, outputs }: BuiltSample): Value | undefined {
  const parts = outputs.flatMap((output, at) => {
    if (output.type.dtype !== "float32") return [];
    const weights = randomTensor({ shape: output.type.shape.map(Number) }, `${title} weights ${at}`);
    return [reduceSum(mul(output, constant(fromReference(weights))))];
  });
  if (parts.length === 0) return undefined;
  return parts.reduce(add);
}

/**
 * The gradient of the weighted loss for each fed float input, as `NAME_gradient`; left out where
 * the loss does not depend on it.
 */
export function sampleGradients(op: Op, sample: BuiltSample): Readonly<Record<string, Value>> {
  const loss = sample.isFinite ? weightedLoss(sample) : undefined;
  if (!loss || typeof op.gradient !== "function") return {};
  const found: Record<string, Value> = {};
  for (const value of sample.fed.filter(({ type }) => type.dtype === "float32")) {
    try {
      found[`${nameOf(value)}_gradient`] = gradients(loss, [value])[0]!;
    } catch (error) {
      if (!isAppError(error, "GRAPH_NOT_DIFFERENTIABLE") || error.received !== "no path") throw error;
    }
  }
  return found;
}

export function nameOf(value: Value): string {
  return value.producer.kind === "input" ? value.producer.name : "";
}

/**
 * The largest |a - b| beyond `relative` |b| + `absolute`; at most 0 where all elements agree. Where
 * one is infinite or NaN, so must be the other.
 */
export function excess(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { relative, absolute }: { readonly relative: number; readonly absolute: number },
): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < a.length; at++) {
    if (Object.is(a[at], b[at])) continue;
    const over = Math.abs(a[at]! - b[at]!) - relative * Math.abs(b[at]!) - absolute;
    worst = Number.isFinite(over) ? Math.max(worst, over) : Number.POSITIVE_INFINITY;
  }
  return worst;
}

/**
 * Central differences in float64 of a scalar function of the feeds, with respect to each element of
 * one of them.
 */
export function centralDifferences(
  loss: (feeds: Feeds) => number,
  feeds: Feeds,
  name: string,
  step: number,
): Float64Array {
  const { data } = feeds[name]!;
  return data.map((value, at) => {
    const moveTo = (moved: number) => loss({ ...feeds, [name]: { ...feeds[name]!, data: data.with(at, moved) } });
    return (moveTo(value + step) - moveTo(value - step)) / (2 * step);
  });
}
