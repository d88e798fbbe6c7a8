/** Registered models in a folder of runs, in MLflow's own layout. */
import type { ModelRegistry } from "../model-registry.ts";

export async function openFileRegistry(_folder: string): Promise<ModelRegistry> {
  throw new Error("not built yet");
}
