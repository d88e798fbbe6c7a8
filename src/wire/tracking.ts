/** Opens runs and models: the only place that chooses between a folder and a server. */
import type { Logger } from "../base/logger.ts";
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

export interface RecordingOptions {
  /** The folder in which runs for servers are kept until they are delivered. */
  readonly spoolFolder: string;
  readonly logger: Logger;
  /** How long closing goes on delivering; 30,000 unless given. */
  readonly closeMs?: number;
}

/** For those who write runs: a server that is away, or goes away, does not stop them. */
export async function openRecordingStore(
  access: TrackingAccess,
  { spoolFolder, ...options }: RecordingOptions,
): Promise<RunStore> {
  if (access.kind === "folder") return openRunStore(access);
  const { openSpooledStore } = await import("../tracking/delivery/spooled-store.ts");
  const { spoolFolderFor } = await import("../tracking/delivery/spool.ts");
  // Delivery repeats what failed by itself, when it has seen how much of it was done.
  const remote = await openRunStore({ ...access, retries: 0 });
  return openSpooledStore({ remote, folder: spoolFolderFor(access.url, spoolFolder), ...options });
}

export async function openModelRegistry(access: TrackingAccess): Promise<ModelRegistry> {
  if (access.kind === "folder") {
    const { openFileRegistry } = await import("../registry/files/file-registry.ts");
    return openFileRegistry(access.folder);
  }
  const { openRestRegistry } = await import("../registry/rest/rest-registry.ts");
  return openRestRegistry(access);
}
