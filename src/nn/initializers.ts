/** Starting values of parameters: a named rule that fills one tensor from a random stream. */
import type { Random } from "../base/random.ts";
import { sizeOf } from "../graph/tensor-type.ts";

/** How the first values of a parameter are drawn. */
export interface Initializer {
  readonly name: string;
  /** Row-major values of a parameter of this shape. Weights are `[out, in / groups, ...kernel]`. */
  sample(shape: readonly number[], random: Random): Float32Array;
}

/** How many inputs reach one output of a weight, and how many outputs one input reaches. */
export function fansOf(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  const [outputs = 1, inputs = 1, ...kernel] = shape;
  const taps = sizeOf(kernel);
  return { fanIn: inputs * taps, fanOut: outputs * taps };
}

/**
 * Normal with standard deviation sqrt(2 / fanIn): for layers before a ReLU. Source: He et al., ICCV
 * 2015.
 */
export const heNormal: Initializer = {
  name: "heNormal",
  sample: (shape, random) => normal(shape, random, Math.sqrt(2 / fansOf(shape).fanIn)),
};

/** Uniform in +-sqrt(6 / fanIn), the same variance as `heNormal`. */
export const heUniform: Initializer = {
  name: "heUniform",
  sample: (shape, random) => uniform(shape, random, Math.sqrt(6 / fansOf(shape).fanIn)),
};

/**
 * Normal with standard deviation sqrt(2 / (fanIn + fanOut)). Source: Glorot and Bengio, AISTATS
 * 2010.
 */
export const glorotNormal: Initializer = {
  name: "glorotNormal",
  sample: (shape, random) => {
    const { fanIn, fanOut } = fansOf(shape);
    return normal(shape, random, Math.sqrt(2 / (fanIn + fanOut)));
  },
};

/** Uniform in +-sqrt(6 / (fanIn + fanOut)): for layers without a ReLU behind them. */
export const glorotUniform: Initializer = {
  name: "glorotUniform",
  sample: (shape, random) => {
    const { fanIn, fanOut } = fansOf(shape);
    return uniform(shape, random, Math.sqrt(6 / (fanIn + fanOut)));
  },
};

/**
 * Uniform in +-sqrt(1 / fanIn): what PyTorch gives the weights of convolutions and dense layers
 * (kaiming_uniform, a = sqrt 5).
 */
export const pytorchUniform: Initializer = {
  name: "pytorchUniform",
  sample: (shape, random) => uniform(shape, random, Math.sqrt(1 / fansOf(shape).fanIn)),
};

/**
 * Normal with standard deviation 0.01: for the last layer, so that the first probabilities are
 * almost equal and the loss starts at ln(classes). Source: Goyal et al., Accurate, Large Minibatch
 * SGD, 2017, section 5.1.
 */
export const headNormal: Initializer = {
  name: "headNormal",
  sample: (shape, random) => normal(shape, random, 0.01),
};

/** All zeros. */
export const zeros: Initializer = { name: "zeros", sample: (shape) => new Float32Array(sizeOf(shape)) };
/** All ones. */
export const ones: Initializer = { name: "ones", sample: (shape) => new Float32Array(sizeOf(shape)).fill(1) };

function normal(shape: readonly number[], random: Random, deviation: number): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, () => deviation * random.normal());
}

function uniform(shape: readonly number[], random: Random, bound: number): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * random.next() - 1));
}
