/** Runs on an MLflow server, over its REST interface. */
import type { RunStore } from "../run-store.ts";
import type { ServerAccess } from "../tracking-access.ts";

export async function openRestRunStore(_access: ServerAccess): Promise<RunStore> {
  throw new Error("not built yet");
}
