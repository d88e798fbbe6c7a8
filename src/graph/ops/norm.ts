/**
 * Batch normalization: ONNX's inference form, and the training form with its gradient as composite
 * ops.
 */
import { type Attributes, chain, defineOp, type ReferenceTensor, reference, rejectShape } from "../op.ts";
import { filled } from "../reference-tensor.ts";
import { checkInputs, type InputRule, numberAttribute, onlyAttribute } from "../shape-rules.ts";
import { isStatic, sizeOf, type TensorType } from "../tensor-type.ts";
import { apply, apply1, scalar, type Value } from "../value.ts";
import { add, mul, neg, reciprocal, sqrt, sub } from "./elementwise/arithmetic.ts";
import { reshape } from "./movement/shape.ts";
import { reduceMean, reduceSum } from "./reduction.ts";

export interface NormOptions {
  /** Added to the variance before its root; 1e-5 unless given. */
  readonly epsilon?: number;
}

const perChannel = (name: string) => ({ name, rank: 1 }) satisfies InputRule;

function checkPerChannel(op: string, x: TensorType, vectors: readonly TensorType[]): void {
  const channels = x.shape[1];
  if (channels === undefined || vectors.some(({ shape }) => shape[0] !== channels)) {
    rejectShape(op, "x [N,C,...] and one number for each of its C channels", [x, ...vectors]);
  }
}

/** [C] as [C,1,1], to broadcast over x [N,C,H,W] (or [C] over [N,C]). */
function spreadOver(vector: Value, x: Value): Value {
  return reshape(vector, [...vector.type.shape, ...x.type.shape.slice(2).map(() => 1)]);
}

const channelAxes = (x: Value) => x.type.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));

/** 1 / sqrt(variance + epsilon) */
function inverseDeviation(variance: Value, attributes: Attributes): Value {
  return reciprocal(sqrt(add(variance, scalar(numberAttribute(attributes, "epsilon", 1e-5)))));
}

/** Which channel an element of x belongs to. */
function channelOf(x: ReferenceTensor): (at: number) => number {
  const plane = sizeOf(x.shape.slice(2));
  return (at) => Math.floor(at / plane) % x.shape[1]!;
}

const batchNormalizationOp = defineOp({
  name: "BatchNormalization",
  doc: "y = scale (x - mean) / sqrt(variance + epsilon) + bias, channel by channel, with given mean and variance",
  attributeTypes: { epsilon: "float", momentum: "float", training_mode: "int" },
  infer: (inputs, attributes) => {
    onlyAttribute("BatchNormalization", attributes, "training_mode", 0);
    const [x, ...vectors] = checkInputs("BatchNormalization", inputs, [
      { name: "x" },
      perChannel("scale"),
      perChannel("bias"),
      perChannel("mean"),
      perChannel("variance"),
    ]);
    checkPerChannel("BatchNormalization", x, vectors);
    return [x];
  },
  gradient: chain(({ dy, attributes }, x, scale, _bias, mean, variance) => {
    const axes = channelAxes(x);
    const inverse = inverseDeviation(variance, attributes);
    const factor = mul(scale, inverse);
    const dBias = reduceSum(dy, { axes });
    const along = reduceSum(mul(dy, sub(x, spreadOver(mean, x))), { axes });
    const dVariance = mul(mul(along, mul(factor, mul(inverse, inverse))), scalar(-0.5));
    return [mul(dy, spreadOver(factor, x)), mul(along, inverse), dBias, neg(mul(dBias, factor)), dVariance];
  }),
  reference: reference((attributes, x, scale, bias, mean, variance) => {
    const epsilon = numberAttribute(attributes, "epsilon", 1e-5);
    const channel = channelOf(x);
    const data = x.data.map((value, at) => {
      const c = channel(at);
      const normal = (value - mean.data[c]!) / Math.sqrt(variance.data[c]! + epsilon);
      return scale.data[c]! * normal + bias.data[c]!;
    });
    return { dtype: x.dtype, shape: x.shape, data };
  }),
  samples: [
    [2, 3, 4, 4],
    [4, 3],
  ].map((shape) => ({
    inputs: [{ shape }, { shape: [3] }, { shape: [3] }, { shape: [3] }, { shape: [3], range: [0.5, 2] as const }],
    attributes: { epsilon: 1e-3 },
  })),
});

/**
 * Normalizes each channel of x [N,C,...] by a given mean and variance [C]: the form for inference.
 */
export function batchNormalization(
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  { epsilon = 1e-5 }: NormOptions = {},
): Value {
  return apply1(batchNormalizationOp, [x, scale, bias, mean, variance], { epsilon });
}

function statistics(x: ReferenceTensor): { readonly mean: Float64Array; readonly variance: Float64Array } {
  const channel = channelOf(x);
  const count = x.data.length / x.shape[1]!;
  const mean = new Float64Array(x.shape[1]!);
  const variance = new Float64Array(x.shape[1]!);
  x.data.forEach((value, at) => {
    mean[channel(at)]! += value / count;
  });
  x.data.forEach((value, at) => {
    variance[channel(at)]! += (value - mean[channel(at)]!) ** 2 / count;
  });
  return { mean, variance };
}

const batchNormTrainingOp = defineOp({
  name: "BatchNormTraining",
  doc: "y = scale (x - mean) / sqrt(variance + epsilon) + bias, with the batch's own mean and biased variance: y, mean, variance",
  attributeTypes: { epsilon: "float" },
  infer: (inputs) => {
    const [x, scale, bias] = checkInputs("BatchNormTraining", inputs, [
      { name: "x" },
      perChannel("scale"),
      perChannel("bias"),
    ]);
    checkPerChannel("BatchNormTraining", x, [scale, bias]);
    return [x, scale, scale];
  },
  gradient: ({ inputs: [x, scale, bias], outputs: [, mean, variance], outputGradients, attributes }) => {
    const [dy, dMean, dVariance] = outputGradients;
    const options = { epsilon: numberAttribute(attributes, "epsilon", 1e-5) };
    const [throughY, dScale, dBias] = dy
      ? batchNormTrainingGradient(dy, x!, scale!, mean!, variance!, options)
      : [undefined, undefined, undefined];
    const share = scalar(1 / countPerChannel(x!));
    const throughMean = dMean && spreadOver(mul(dMean, share), x!);
    const centred = sub(x!, spreadOver(mean!, x!));
    const throughVariance = dVariance && mul(centred, spreadOver(mul(dVariance, mul(share, scalar(2))), x!));
    const parts = [throughY, throughVariance, throughMean].filter((part) => part !== undefined);
    return [parts.reduce(add), dScale, bias && dBias];
  },
  reference: ([x, scale, bias], attributes) => {
    const epsilon = numberAttribute(attributes, "epsilon", 1e-5);
    const { mean, variance } = statistics(x!);
    const channel = channelOf(x!);
    const data = x!.data.map((value, at) => {
      const c = channel(at);
      return (scale!.data[c]! * (value - mean[c]!)) / Math.sqrt(variance[c]! + epsilon) + bias!.data[c]!;
    });
    const vector = (values: Float64Array): ReferenceTensor => ({ dtype: "float32", shape: scale!.shape, data: values });
    return [{ dtype: "float32", shape: x!.shape, data }, vector(mean), vector(variance)];
  },
  expand: ([x, scale, bias], attributes) => {
    const axes = channelAxes(x!);
    const mean = reduceMean(x!, { axes });
    // Centred first: E[x^2] - mean^2 would cancel where a channel's mean is large against its
    // deviation.
    const centred = sub(x!, spreadOver(mean, x!));
    const variance = reduceMean(mul(centred, centred), { axes });
    const factor = mul(scale!, inverseDeviation(variance, attributes));
    return [add(mul(centred, spreadOver(factor, x!)), spreadOver(bias!, x!)), mean, variance];
  },
  samples: [
    { inputs: [{ shape: [3, 2, 3, 3] }, { shape: [2] }, { shape: [2] }], attributes: { epsilon: 1e-5 } },
    {
      inputs: [{ shape: [2, 2, 2, 4], range: [9, 12] }, { shape: [2] }, { shape: [2] }],
      attributes: { epsilon: 1e-3 },
    },
    { inputs: [{ shape: [6, 3] }, { shape: [3] }, { shape: [3] }], attributes: { epsilon: 1e-5 } },
  ],
});

/** The outputs of batch normalisation in training. */
export interface BatchNormTraining {
  readonly y: Value;
  /** The batch's mean of each channel, [C]. */
  readonly mean: Value;
  /** The batch's biased variance of each channel, [C]. */
  readonly variance: Value;
}

/**
 * Normalizes each channel of x [N,C,...] by the batch's own statistics, which are given back for a
 * running average.
 */
export function batchNormTraining(
  x: Value,
  scale: Value,
  bias: Value,
  { epsilon = 1e-5 }: NormOptions = {},
): BatchNormTraining {
  const [y, mean, variance] = apply(batchNormTrainingOp, [x, scale, bias], { epsilon });
  return { y: y!, mean: mean!, variance: variance! };
}

const batchNormTrainingGradientOp = defineOp({
  name: "BatchNormTrainingGradient",
  doc: "dx = scale r (dy - mean(dy) - xhat mean(dy xhat)), dscale = sum(dy xhat), dbias = sum(dy); xhat = (x - mean) r, r = 1 / sqrt(variance + epsilon)",
  attributeTypes: { epsilon: "float" },
  infer: (inputs) => {
    const [dy, x, scale, mean, variance] = checkInputs("BatchNormTrainingGradient", inputs, [
      { name: "dy" },
      { name: "x" },
      perChannel("scale"),
      perChannel("mean"),
      perChannel("variance"),
    ]);
    checkPerChannel("BatchNormTrainingGradient", x, [scale, mean, variance]);
    if (dy.shape.join() !== x.shape.join()) rejectShape("BatchNormTrainingGradient", "dy and x of one shape", [dy, x]);
    return [x, scale, scale];
  },
  gradient: { none: "second derivatives of batch normalization are not supported" },
  reference: ([dy, x, scale, mean, variance], attributes) => {
    const epsilon = numberAttribute(attributes, "epsilon", 1e-5);
    const channel = channelOf(x!);
    const count = x!.data.length / x!.shape[1]!;
    const inverse = variance!.data.map((value) => 1 / Math.sqrt(value + epsilon));
    const normal = x!.data.map((value, at) => (value - mean!.data[channel(at)]!) * inverse[channel(at)]!);
    const dScale = filled(scale!.shape);
    const dBias = filled(scale!.shape);
    dy!.data.forEach((value, at) => {
      dScale.data[channel(at)]! += value * normal[at]!;
      dBias.data[channel(at)]! += value;
    });
    const data = dy!.data.map((value, at) => {
      const c = channel(at);
      return scale!.data[c]! * inverse[c]! * (value - (dBias.data[c]! + normal[at]! * dScale.data[c]!) / count);
    });
    return [{ dtype: "float32", shape: x!.shape, data }, dScale, dBias];
  },
  expand: ([dy, x, scale, mean, variance], attributes) => {
    const axes = channelAxes(x!);
    const share = scalar(1 / countPerChannel(x!));
    const inverse = inverseDeviation(variance!, attributes);
    const factor = mul(scale!, inverse);
    const centred = sub(x!, spreadOver(mean!, x!));
    const dBias = reduceSum(dy!, { axes });
    const dScale = mul(reduceSum(mul(dy!, centred), { axes }), inverse);
    // dx = factor dy - slope (x - mean) - offset: three passes over the picture.
    const slope = mul(mul(mul(dScale, share), factor), inverse);
    const offset = mul(mul(dBias, share), factor);
    const along = add(mul(centred, spreadOver(slope, x!)), spreadOver(offset, x!));
    return [sub(mul(dy!, spreadOver(factor, x!)), along), dScale, dBias];
  },
  samples: [
    {
      inputs: [
        { shape: [2, 2, 3, 3] },
        { shape: [2, 2, 3, 3] },
        { shape: [2] },
        { shape: [2] },
        { shape: [2], range: [0.5, 1] },
      ],
      attributes: { epsilon: 1e-5 },
    },
  ],
});

/**
 * The gradients of x, scale and bias through batchNormTraining's y; mean and variance are its other
 * two outputs.
 */
export function batchNormTrainingGradient(
  dy: Value,
  x: Value,
  scale: Value,
  mean: Value,
  variance: Value,
  { epsilon = 1e-5 }: NormOptions = {},
): readonly [dx: Value, dScale: Value, dBias: Value] {
  const outputs = apply(batchNormTrainingGradientOp, [dy, x, scale, mean, variance], { epsilon });
  return [outputs[0]!, outputs[1]!, outputs[2]!];
}

/** How many elements of x belong to each channel. */
function countPerChannel(x: Value): number {
  const folded = x.type.shape.toSpliced(1, 1);
  if (!isStatic(folded)) rejectShape("BatchNormTraining's gradient", "a fixed batch, height and width", [x.type]);
  return sizeOf(folded);
}
