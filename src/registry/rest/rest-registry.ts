/** Registered models on an MLflow server, over its REST interface. */
import type { ServerAccess } from "../../tracking/tracking-access.ts";
import type { ModelRegistry } from "../model-registry.ts";

export async function openRestRegistry(_access: ServerAccess): Promise<ModelRegistry> {
  throw new Error("not built yet");
}
