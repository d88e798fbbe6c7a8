/** Which engine runs what. No other file chooses one; tests and benchmarks may. */
import type { DriftTester } from "../monitor/drift-tester.ts";
import type { BundleToExplain, DrawingExplainer } from "../predict/explain/explainer-thread.ts";
import type { EngineOptions, Executor, ThreadedExecutor } from "../runtime/executor.ts";

/**
 * Options whose engine is chosen in `library.ts`: `threads` (one for each core unless given) or an executor.
 */
export type WithEngine<O extends { readonly executor: Executor }> = Omit<O, "executor"> & {
  readonly executor?: Executor;
  readonly threads?: number;
};

/** Training and evaluation on this machine's CPU, with the blocked fast path where it has one. */
export async function trainingEngine(options: EngineOptions = {}): Promise<Executor<"serial">> {
  const { createCpuExecutor } = await import("../runtime/cpu-executor.ts");
  return createCpuExecutor(options);
}

/** Prediction in this thread. */
export async function predictionEngine(options: EngineOptions = {}): Promise<Executor<"serial">> {
  const { createOnnxRuntimeExecutor } = await import("../runtime/onnx-runtime.ts");
  return createOnnxRuntimeExecutor(options);
}

/** Prediction op by op, as the graph stands: what an engine without kernels of its own would answer. */
export async function plainEngine(options: EngineOptions = {}): Promise<Executor<"serial">> {
  const { createOnnxRuntimeExecutor } = await import("../runtime/onnx-runtime.ts");
  return createOnnxRuntimeExecutor({ ...options, optimizationLevel: "basic" });
}

/** Prediction in a thread of its own, for a service whose event loop must stay free. */
export async function serviceEngine(options: EngineOptions = {}): Promise<ThreadedExecutor> {
  const { createWorkerExecutor } = await import("../runtime/worker-executor.ts");
  return createWorkerExecutor(options);
}

/** Heat maps in a thread of their own. */
export async function serviceExplainer(bundle: BundleToExplain): Promise<DrawingExplainer> {
  const { openExplainerThread } = await import("../predict/explain/explainer-thread.ts");
  return openExplainerThread(new URL("./explain-thread.ts", import.meta.url), bundle);
}

/** Tests for drift in a thread of their own. */
export async function serviceDriftTester(): Promise<DriftTester> {
  const { createDriftTester } = await import("../monitor/drift-tester.ts");
  return createDriftTester();
}
