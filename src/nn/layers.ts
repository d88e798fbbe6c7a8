/**
 * The layers that architectures are made of. Tensors are `[N,C,H,W]` until the global pooling,
 * `[N,C]` after it.
 */
import { AppError } from "../base/errors.ts";
import { conv } from "../graph/ops/convolution/conv.ts";
import { dropout as dropUnits } from "../graph/ops/elementwise/elementwise.ts";
import { gemm } from "../graph/ops/linear.ts";
import { flatten } from "../graph/ops/movement/movement.ts";
import { batchNormalization, batchNormTraining } from "../graph/ops/norm.ts";
import { globalAveragePool as poolAll } from "../graph/ops/pooling/pooling.ts";
import { formatType } from "../graph/tensor-type.ts";
import type { Value } from "../graph/value.ts";
import { foldIntoConvolution, type NormParameters } from "./fold.ts";
import { glorotUniform, heNormal, type Initializer, ones, zeros } from "./initializers.ts";
import { inLayer, type Scope } from "./scope.ts";

export interface ConvolutionOptions {
  readonly filters: number;
  /** Side of the square kernel. Default 3. */
  readonly kernel?: number;
  readonly stride?: number;
  /**
   * Zeros around the picture; default kernel / 2 rounded down, which keeps the size at stride 1.
   */
  readonly padding?: number;
  /** Channel groups; as many as input channels make a depthwise convolution. */
  readonly groups?: number;
  /** Whether an offset is added to each filter; off by default, since a norm usually follows. */
  readonly bias?: boolean;
  readonly initializer?: Initializer;
}

/**
 * Convolution: `[N,C,H,W]` -> `[N,filters,H',W']` with H' = floor((H + 2 padding - kernel) /
 * stride) + 1.
 */
export function conv2d(parent: Scope, name: string, x: Value, options: ConvolutionOptions): Value {
  const { filters, kernel = 3, stride = 1, groups = 1, bias = false, initializer = heNormal } = options;
  const padding = options.padding ?? Math.floor(kernel / 2);
  const scope = parent.within(name);
  return inLayer(scope.path, () => {
    const channels = channelsOf(x);
    const weight = scope.parameter("weight", [filters, channels / groups, kernel, kernel], initializer);
    const offset = bias ? scope.parameter("bias", [filters], zeros, { decay: false }) : undefined;
    return conv(x, weight, offset, {
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      group: groups,
    });
  });
}

export interface BatchNormOptions {
  /** Added to the variance under the root. Default 1e-5. */
  readonly epsilon?: number;
  /**
   * How the scale starts: `zeros` makes a residual branch begin as the identity. Default `ones`.
   */
  readonly scale?: Initializer;
}

/**
 * Batch normalisation over N, H and W: y = scale (x - mean) / sqrt(variance + epsilon) + bias,
 * shape kept. Training uses the batch's mean and biased variance, and hands both to the running
 * statistics, the variance unbiased (n / (n - 1)) as PyTorch does. Inference uses the running
 * statistics; with constant parameters behind a convolution with constant weights, the whole layer
 * is folded into that convolution.
 * Source: Ioffe and Szegedy, ICML 2015.
 */
export function batchNorm(parent: Scope, name: string, x: Value, options: BatchNormOptions = {}): Value {
  const { epsilon = 1e-5, scale: scaleInitializer = ones } = options;
  const scope = parent.within(name);
  return inLayer(scope.path, () => {
    const channels = channelsOf(x);
    const scale = scope.parameter("scale", [channels], scaleInitializer, { decay: false });
    const bias = scope.parameter("bias", [channels], zeros, { decay: false });
    const mean = scope.statistic("mean", [channels], 0);
    const variance = scope.statistic("variance", [channels], 1);
    return normalizeChannels(scope, x, { scale, bias, mean, variance, epsilon });
  });
}

/** Batch normalisation with parameters and running statistics that are at hand; `scope` is the layer's own. As `batchNorm`. */
export function normalizeChannels(scope: Scope, x: Value, norm: NormParameters): Value {
  if (scope.mode === "inference") return normalizeByRunning(x, norm);
  const count = valuesPerChannel(x);
  if (count < 2) {
    throw new AppError("GRAPH_SHAPE", {
      required: "more than one value per channel for batch normalisation in training",
      received: formatType(x.type),
      hint: "use a larger batch or larger pictures",
    });
  }
  const batch = batchNormTraining(x, norm.scale, norm.bias, { epsilon: norm.epsilon });
  scope.observe("mean", batch.mean);
  scope.observe("variance", batch.variance, count / (count - 1));
  return batch.y;
}

/** Batch normalisation by the running statistics, a part of the convolution before it where all of it is constant. */
export function normalizeByRunning(x: Value, norm: NormParameters): Value {
  const { scale, bias, mean, variance, epsilon } = norm;
  return foldIntoConvolution(x, norm) ?? batchNormalization(x, scale, bias, mean, variance, { epsilon });
}

/** Fully connected layer: `[N,C]` -> `[N,units]`, y = x W^T + b with W of shape `[units,C]`. */
export function dense(
  parent: Scope,
  name: string,
  x: Value,
  {
    units,
    initializer = glorotUniform,
    bias: offset = zeros,
  }: { units: number; initializer?: Initializer; bias?: Initializer },
): Value {
  const scope = parent.within(name);
  return inLayer(scope.path, () => {
    const weight = scope.parameter("weight", [units, channelsOf(x)], initializer);
    const bias = scope.parameter("bias", [units], offset, { decay: false });
    return gemm(x, weight, bias, { transB: true });
  });
}

/**
 * Sets a share `rate` of the units to zero in training and scales the others by 1 / (1 - rate);
 * nothing in inference.
 */
export function dropout(parent: Scope, name: string, x: Value, rate: number): Value {
  if (rate === 0 || parent.mode === "inference") return x;
  const scope = parent.within(name);
  return inLayer(scope.path, () => dropUnits(x, scope.mask("mask", fixedShape(x), rate), rate));
}

/** The mean of each channel: `[N,C,H,W]` -> `[N,C]`. */
export function globalAveragePool(x: Value): Value {
  return flatten(poolAll(x));
}

function channelsOf(x: Value): number {
  const channels = x.type.shape[1];
  if (typeof channels === "number") return channels;
  throw new AppError("GRAPH_SHAPE", {
    required: "a known number of channels",
    received: formatType(x.type),
  });
}

/** How many values each channel has in this batch: N * H * W. */
function valuesPerChannel(x: Value): number {
  const [batch = 1, , ...space] = fixedShape(x);
  return space.reduce((product, side) => product * side, batch);
}

function fixedShape(x: Value): readonly number[] {
  return x.type.shape.map((size) => {
    if (typeof size === "number") return size;
    throw new AppError("GRAPH_SHAPE", {
      required: "a fixed batch size for training",
      received: formatType(x.type),
    });
  });
}
