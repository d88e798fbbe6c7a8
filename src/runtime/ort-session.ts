/**
 * What every use of ONNX Runtime shares, in this thread or another; loading this file does not load
 * the engine.
 */
import { join } from "node:path";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { AppError } from "../base/errors.ts";
import { type DType, dtypes } from "../graph/tensor-type.ts";
import type { ModelSignature, Tensor } from "./executor.ts";
import type { SessionSettings } from "./session-settings.ts";

/** How every session is set up, whichever thread it lives in. */
export function sessionOptions(options: SessionSettings, profileFolder?: string): InferenceSession.SessionOptions {
  const { threads, provider = "cpu", optimizationLevel = "all" } = options;
  return {
    executionProviders: [provider],
    graphOptimizationLevel: optimizationLevel,
    interOpNumThreads: 1,
    executionMode: "sequential",
    // A planned block beside the arena's own doubles what training holds: 2.1 GB instead of 1.2 at
    // 32x3x128x128, same speed.
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(profileFolder === undefined ? {} : { enableProfiling: true, profileFilePrefix: join(profileFolder, "ort") }),
  };
}

/** What this folder needs of ONNX Runtime's own tensor class. */
export type OrtOutput = Pick<OrtTensor, "type" | "data" | "dims">;

export function fromOrt(graph: Pick<ModelSignature, "name">, name: string, { type, data, dims }: OrtOutput): Tensor {
  const dtype: DType | undefined = dtypes.find((known) => known === type);
  if (!dtype) throw engineError(`a known element type of output '${name}'`, graph, new Error(type));
  return { dtype, shape: dims, data: data as Tensor["data"] };
}

export function engineError(required: string, graph: Pick<ModelSignature, "name">, cause: unknown): AppError {
  const received = cause instanceof Error ? cause.message : String(cause);
  return new AppError("EXECUTION_FAILED", { required, received, where: `graph '${graph.name}'`, cause });
}
