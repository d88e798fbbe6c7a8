/**
 * The spool: runs on their way to a server, in a folder that survives the process. `runs/` is a
 * folder of runs like any other; `locks/` says which process records or delivers a run.
 */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { deferred } from "../../base/deferred.ts";
import { ensureFolder } from "../../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import { sha256 } from "../../base/hash.ts";
import { withLock } from "../../base/locks/lock-file.ts";
import { openFileRunStore } from "../files/file-run-store.ts";
import type { RunStore } from "../run-store.ts";

/** The folder of a server's runs among all spools: `HOST-PORT-HASH`. */
export function spoolFolderFor(url: string, spools: string): string {
  const { hostname, port, protocol } = new URL(url);
  const name = `${hostname.replace(/[^\w.-]/g, "_")}-${port || (protocol === "https:" ? 443 : 80)}`;
  return join(spools, `${name}-${sha256(url).slice(0, 8)}`);
}

export interface Spool {
  readonly folder: string;
  readonly store: RunStore;
  /** The run is this process's until it is let go. Errors: LOCKED, FILE_WRITE_FAILED. */
  hold(runId: string): Promise<() => Promise<void>>;
  /** Removes a run that the server has, if it has ended. Errors: FILE_WRITE_FAILED, RUN_NOT_FOUND. */
  removeEnded(runId: string): Promise<void>;
}

/** Errors: FILE_WRITE_FAILED; those of a folder of runs. */
export async function openSpool(folder: string): Promise<Spool> {
  const runs = join(folder, "runs");
  const locks = join(folder, "locks");
  await ensureFolder(locks);
  const store = await openFileRunStore(runs);
  return {
    folder,
    store,
    hold: (runId) => holdLock(join(locks, runId)),
    async removeEnded(runId) {
      const { id, experimentId, modelIds, status } = await store.getRun(runId);
      if (status === "RUNNING" || status === "SCHEDULED") return;
      // The run first: a model without its run is never delivered.
      await removeWhole(join(runs, experimentId, id), join(folder, `removed-${id}`));
      for (const model of modelIds) {
        await removeWhole(join(runs, experimentId, "models", model), join(folder, `removed-${model}`));
      }
    },
  };
}

async function holdLock(path: string): Promise<() => Promise<void>> {
  const isHeld = deferred<void>();
  const end = deferred<void>();
  const whole = withLock(path, () => {
    isHeld.resolve();
    return end.promise;
  });
  await Promise.race([isHeld.promise, whole]);
  return async () => {
    end.resolve();
    await whole;
  };
}

/** A folder that is removed in steps is not there any more from the first one on. */
async function removeWhole(path: string, aside: string): Promise<void> {
  try {
    await rm(aside, { recursive: true, force: true });
    await rename(path, aside);
    await rm(aside, { recursive: true, force: true });
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw writeFailure(path, error);
  }
}
