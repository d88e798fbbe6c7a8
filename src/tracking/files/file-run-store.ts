/** Runs in a folder, in MLflow's own layout. */
import type { RunStore } from "../run-store.ts";

export async function openFileRunStore(_folder: string): Promise<RunStore> {
  throw new Error("not built yet");
}
