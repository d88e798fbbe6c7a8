/**
 * The executor for this machine's CPU: ONNX Runtime with the blocked fast path where the CPU has
 * one.
 */
import { expandComposites } from "../graph/lower.ts";
import { detectBlockSize } from "./lowering/block-size.ts";
import { lowerBlocked } from "./lowering/blocked.ts";
import { createOnnxRuntimeExecutor, type OnnxRuntimeExecutor, type OnnxRuntimeOptions } from "./onnx-runtime.ts";

export type CpuExecutorOptions = Pick<OnnxRuntimeOptions, "threads" | "lowering" | "profile">;

/**
 * Training and evaluation graphs (fixed batch) are lowered to the blocked layout; graphs whose
 * batch is free stay standard ONNX, which ONNX Runtime blocks by itself because their weights are
 * constants.
 */
export async function createCpuExecutor(options: CpuExecutorOptions = {}): Promise<OnnxRuntimeExecutor> {
  const block =
    options.lowering === "portable" ? undefined : await detectBlockSize(createOnnxRuntimeExecutor({ threads: 1 }));
  if (block === undefined) return createOnnxRuntimeExecutor({ ...options, lowering: "portable" });
  return createOnnxRuntimeExecutor({ ...options, lower: (graph) => expandComposites(lowerBlocked(graph, block)) });
}
