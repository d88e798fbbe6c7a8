/** Copies runs into a folder of their own, in MLflow's layout. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../base/errors.ts";
import { readFailure, systemCodeOf } from "../base/files/file-failure.ts";
import type { Progress } from "../base/progress.ts";
import type { Delivery } from "../tracking/delivery/delivery.ts";
import { pushRuns } from "../tracking/delivery/push-runs.ts";
import type { RunStore } from "../tracking/run-store.ts";
import { openRunStore } from "./tracking.ts";

export interface ExportRunsOptions {
  /** Made where it is not there; one that holds runs already gets what it lacks. */
  readonly folder: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Whole runs with files and models, which MLflow and Pawprint read where they lie then; a copy that
 * was cut off is completed when it is repeated. `ids` in their order: a parent before its children
 * keeps them together.
 * Errors: FILE_EXISTS for a folder with something else in it; RUN_NOT_FOUND; those of both stores;
 * INTERRUPTED.
 */
export async function exportRuns(
  store: RunStore,
  ids: readonly string[],
  { folder, progress, signal }: ExportRunsOptions,
): Promise<readonly Delivery[]> {
  await requireRunFolder(folder);
  const target = await openRunStore({ kind: "folder", folder });
  try {
    return await pushRuns(store, target, {
      ids,
      label: "export",
      ...(progress && { progress }),
      ...(signal && { signal }),
    });
  } finally {
    await target.close();
  }
}

/** Runs do not go among other files. */
async function requireRunFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw readFailure(folder, error);
  });
  if (names.length === 0 || names.some((name) => existsSync(join(folder, name, "meta.yaml")))) return;
  throw new AppError("FILE_EXISTS", {
    required: "a new folder, or one that holds runs",
    received: "a folder with other files",
    where: folder,
    hint: "choose another folder",
  });
}
