/** Opens runs and models: the only place that chooses between a folder and a server. */
import type { ModelRegistry } from "../registry/model-registry.ts";
import type { RunStore } from "../tracking/run-store.ts";
import type { TrackingAccess } from "../tracking/tracking-access.ts";

export async function openRunStore(access: TrackingAccess): Promise<RunStore> {
  if (access.kind === "folder") {
    const { openFileRunStore } = await import("../tracking/files/file-run-store.ts");
    return openFileRunStore(access.folder);
  }
  const { openRestRunStore } = await import("../tracking/rest/rest-run-store.ts");
  return openRestRunStore(access);
}

export async function openModelRegistry(access: TrackingAccess): Promise<ModelRegistry> {
  if (access.kind === "folder") {
    const { openFileRegistry } = await import("../registry/files/file-registry.ts");
    return openFileRegistry(access.folder);
  }
  const { openRestRegistry } = await import("../registry/rest/rest-registry.ts");
  return openRestRegistry(access);
}
