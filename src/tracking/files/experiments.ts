/** Makes experiments: one of each name, whoever makes it at the same time. */
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError, isAppError } from "../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { withLock } from "../../base/locks/lock-file.ts";
import type { Experiment } from "../run.ts";
import { formatMeta } from "./meta-yaml.ts";
import { metaName } from "./run-meta.ts";
import { type ExperimentFolder, experimentFolders, readExperiment } from "./store-tree.ts";

const defaultExperiment = { id: "0", name: "Default" } as const;

/** The experiments that can be read, in order of their ids; damaged ones are passed over. */
export function readableExperiments(root: string): { experiment: Experiment; folder: ExperimentFolder }[] {
  return experimentFolders(root).flatMap((folder) => {
    try {
      const experiment = readExperiment(folder);
      return experiment === undefined ? [] : [{ experiment, folder }];
    } catch (error) {
      if (isAppError(error, "RUN_STORE_INVALID")) return [];
      throw error;
    }
  });
}

/** One that is active, before one that was deleted. */
export function experimentNamed(root: string, name: string): Experiment | undefined {
  const named = readableExperiments(root).flatMap(({ experiment }) => (experiment.name === name ? [experiment] : []));
  return named.find(({ lifecycle }) => lifecycle === "active") ?? named[0];
}

/** The active experiment of this name, made where there is none. Errors: EXPERIMENT_DELETED, LOCKED. */
export async function ensureExperiment(root: string, name: string): Promise<Experiment> {
  const there = experimentNamed(root, name);
  if (there !== undefined) return requireActive(there, root);
  await ensureFolder(root);
  return withLock(
    join(root, ".pawprint-experiments.lock"),
    async () => {
      // MLflow makes its first experiment with the folder.
      if (experimentFolders(root).length === 0)
        await makeExperiment(root, defaultExperiment.id, defaultExperiment.name);
      const made = experimentNamed(root, name);
      if (made !== undefined) return requireActive(made, root);
      const isDefault = name === defaultExperiment.name && !idsOf(root).has(defaultExperiment.id);
      await makeExperiment(root, isDefault ? defaultExperiment.id : freeId(root), name);
      return experimentNamed(root, name) ?? lost(root, name);
    },
    { onWait: () => undefined },
  );
}

async function makeExperiment(root: string, id: string, name: string): Promise<void> {
  const folder = join(root, id);
  await ensureFolder(folder);
  const nowMs = Date.now();
  const meta = formatMeta({
    artifact_location: pathToFileURL(folder).href,
    creation_time: nowMs,
    effective_trace_archival_retention: null,
    experiment_id: id,
    last_update_time: nowMs,
    lifecycle_stage: "active",
    name,
    trace_location: null,
    workspace: "default",
  });
  await writeFileAtomic(join(folder, metaName), meta, { temporaryIn: root });
}

function idsOf(root: string): Set<string> {
  return new Set(experimentFolders(root).map(({ id }) => id));
}

/** 18 digits, as MLflow's. */
function freeId(root: string): string {
  const ids = idsOf(root);
  for (;;) {
    const id = `${randomInt(1e8, 1e9)}${randomInt(1e8, 1e9)}`;
    if (!ids.has(id)) return id;
  }
}

export function requireActive(experiment: Experiment, where: string): Experiment {
  if (experiment.lifecycle === "active") return experiment;
  throw new AppError("EXPERIMENT_DELETED", {
    required: "an active experiment",
    received: `'${experiment.name}', which was deleted`,
    where,
    hint: "restore it in MLflow, or choose another name for the experiment",
  });
}

function lost(where: string, name: string): never {
  throw new AppError("EXPERIMENT_NOT_FOUND", {
    required: "the experiment that was made",
    received: `'${name}'`,
    where,
  });
}
