/**
 * `import … from "pawprint/graph"`: ONNX graphs and their gradients, networks, training steps and
 * executors.
 *
 * `ops` builds values, `graph` closes them, `gradients` differentiates; `createNetwork` or layers
 * in a scope make a network, `buildTrainStep` its training step, an executor runs either.
 */

// Graphs
export { createRandom, type Random } from "../base/random.ts";
export { gradients } from "../graph/autodiff.ts";
export { decodeModel, type OnnxModel } from "../graph/onnx/decode.ts";
export { encodeModel } from "../graph/onnx/encode.ts";
export { readMetadata } from "../graph/onnx/metadata.ts";
export type { Attributes, Op } from "../graph/op.ts";
/** Every op as a function of values: `ops.conv(x, w)`, `ops.reduceSum(x)`. */
export * as ops from "../graph/ops/table.ts";
export {
  type Dim,
  type DType,
  float32,
  int64Vector,
  type Shape,
  type TensorData,
  type TensorType,
} from "../graph/tensor-type.ts";
export { constant, type Graph, graph, input, scalar, type Value } from "../graph/value.ts";
// Networks
export { type Architecture, architectures, createNetwork, type Network } from "../nn/architectures/table.ts";
export { type Augmentation, noAugmentation } from "../nn/augment/augmentation.ts";
export { buildInferenceGraph, layoutOf, type Model, type Weights } from "../nn/inference-graph.ts";
export {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  ones,
  pytorchUniform,
  zeros,
} from "../nn/initializers.ts";
export {
  type BatchNormOptions,
  batchNorm,
  type ConvolutionOptions,
  conv2d,
  dense,
  dropout,
  globalAveragePool,
} from "../nn/layers.ts";
export { initialParameters, initialStatistics, type ParameterLayout } from "../nn/parameter-layout.ts";
export type { Normalization, PictureSize } from "../nn/picture-tensor.ts";
export type { Scope } from "../nn/scope.ts";
// Executors
export { type CpuExecutorOptions, createCpuExecutor } from "../runtime/cpu-executor.ts";
export type { Executor, LoadOptions, Program, Runs, Tensor, Tensors } from "../runtime/executor.ts";
export { createOnnxRuntimeExecutor, type OnnxRuntimeOptions } from "../runtime/onnx-runtime.ts";
export { createReferenceExecutor } from "../runtime/reference.ts";
export { createWorkerExecutor } from "../runtime/worker-executor.ts";
// Training steps
export { constantSchedule, cosineWithWarmup, oneCycle, type Schedule } from "../train/fit/schedule.ts";
export { adam, adamw, type Optimizer, sgd, withAccumulation, withClipping } from "../train/step/optimizer.ts";
export { buildTrainStep, type TrainStep, type TrainStepOptions } from "../train/step/step.ts";
export { initialState, type StateVectors, type StepResult, StepRunner } from "../train/step/step-runner.ts";
