/**
 * `import … from "pawprint/graph"`: ONNX graphs, the op table, differentiation, networks, training
 * steps and executors.
 */
export { gradients } from "../graph/autodiff.ts";
export { decodeModel, encodeModel, readMetadata } from "../graph/onnx.ts";
export * as ops from "../graph/ops/table.ts";
export { type DType, float32, type TensorData, type TensorType } from "../graph/tensor-type.ts";
export { constant, type Graph, graph, input, scalar, type Value } from "../graph/value.ts";
export { type CpuExecutorOptions, createCpuExecutor } from "../runtime/cpu-executor.ts";
export type { Executor, LoadOptions, Program, Runs, Tensor, Tensors } from "../runtime/executor.ts";
export { createOnnxRuntimeExecutor, type OnnxRuntimeOptions } from "../runtime/onnx-runtime.ts";
export { createReferenceExecutor } from "../runtime/reference.ts";
export { createWorkerExecutor } from "../runtime/worker-executor.ts";
