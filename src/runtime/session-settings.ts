/** How a session of ONNX Runtime is set up, in types that stand without the engine's own. */
export type Provider = "cpu" | "cuda" | "dml" | "webgpu" | "coreml";
export type OptimizationLevel = "disabled" | "basic" | "extended" | "all";

export interface SessionSettings {
  /** Threads inside one op; ONNX Runtime's own choice (one for each core) unless given. */
  readonly threads?: number;
  /** Where kernels run; cpu unless given. Which ones exist depends on the platform's binary. */
  readonly provider?: Provider;
  /** How far ONNX Runtime rewrites the graph itself; all unless given. */
  readonly optimizationLevel?: OptimizationLevel;
}
