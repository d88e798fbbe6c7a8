/**
 * Pawprint as a library: what most programs of your own need of what the commands call.
 *
 * `train` goes from labelled pictures to a bundle; `openPredictor` answers from one; `evaluateBundle` measures one. For networks of one's
 * own there are graphs, ops, differentiation and executors underneath.
 */
export { AppError, type ErrorCode, type ErrorKind, errorTable, isAppError } from "./base/errors.ts";
export { createLogger, type Logger, silentLogger } from "./base/logger.ts";
export { type Progress, type ProgressHandle, type ProgressTask, silentProgress } from "./base/progress.ts";
export { createRandom, type Random } from "./base/random.ts";
export * from "./dataset/index.ts";
export { gradients } from "./graph/autodiff.ts";
export { decodeModel, encodeModel, readMetadata } from "./graph/onnx.ts";
export * as ops from "./graph/ops/index.ts";
export { type DType, float32, type TensorData, type TensorType } from "./graph/tensor-type.ts";
export { constant, type Graph, graph, input, scalar, type Value } from "./graph/value.ts";
export * from "./image/index.ts";
export * from "./metrics/classification-metrics.ts";
export * from "./nn/index.ts";
export * from "./predict/index.ts";
export * from "./registry/index.ts";
export { type CpuExecutorOptions, createCpuExecutor } from "./runtime/cpu-executor.ts";
export type { Executor, LoadOptions, Program, Tensor, Tensors } from "./runtime/executor.ts";
export {
  createOnnxRuntimeExecutor,
  type OnnxRuntimeExecutor,
  type OnnxRuntimeOptions,
  type OnnxRuntimeProgram,
} from "./runtime/onnx-runtime.ts";
export { createReferenceExecutor } from "./runtime/reference.ts";
export * from "./server/index.ts";
export * from "./train/index.ts";
