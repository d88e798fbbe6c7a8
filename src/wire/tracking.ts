/** Opens runs and models: the only place that chooses between a folder and a server. */
import { stat } from "node:fs/promises";
import { AppError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { ModelRegistry } from "../registry/model-registry.ts";
import type { RunStore } from "../tracking/run-store.ts";
import type { TrackingAccess } from "../tracking/tracking-access.ts";

const folderHint = "give the folder that holds the runs";

/** A folder that is not there yet is an empty store. Errors: TRACKING_URI_INVALID for a file. */
async function requireNoFile(folder: string, hint: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return;
  throw new AppError("TRACKING_URI_INVALID", {
    required: "a folder, or an http:// or https:// address of an MLflow server",
    received: "a file",
    where: folder,
    hint,
  });
}

/** `hint` is what to do where a file stands in the folder's place. */
export async function openRunStore(access: TrackingAccess, hint = folderHint): Promise<RunStore> {
  if (access.kind === "folder") {
    await requireNoFile(access.folder, hint);
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
  if (access.kind === "folder") {
    return openRunStore(access, "give a folder for the runs, or record nothing: `tracking: false`");
  }
  const { openSpooledStore } = await import("../tracking/delivery/spooled-store.ts");
  const { spoolFolderFor } = await import("../tracking/delivery/spool.ts");
  // Delivery goes on by itself after a failure; it is to notice soon that a server is away.
  const remote = await openRunStore({ ...access, retries: Math.min(access.retries, 2) });
  return openSpooledStore({ remote, folder: spoolFolderFor(access.url, spoolFolder), ...options });
}

export async function openModelRegistry(access: TrackingAccess): Promise<ModelRegistry> {
  if (access.kind === "folder") {
    await requireNoFile(access.folder, folderHint);
    const { openFileRegistry } = await import("../registry/files/file-registry.ts");
    return openFileRegistry(access.folder);
  }
  const { openRestRegistry } = await import("../registry/rest/rest-registry.ts");
  return openRestRegistry(access);
}
