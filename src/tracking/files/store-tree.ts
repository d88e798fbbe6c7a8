/** Which experiments, runs and logged models a folder holds: `<root>/<experiment>/<run>`, deleted experiments in `.trash`. */
import { join } from "node:path";
import { byCodeUnits } from "../../base/by-code-units.ts";
import { isAppError } from "../../base/errors.ts";
import type { Experiment } from "../run.ts";
import { isRunId, isStoreId } from "../run-rules.ts";
import { keysBelow, readKey } from "./keyed-files.ts";
import { entriesOf, kindOf } from "./plain-files.ts";
import { RunFolder } from "./run-folder.ts";
import {
  damaged,
  lifecycleOf,
  metaName,
  parseRunMeta,
  presentUri,
  readMeta,
  requiredText,
  textOf,
} from "./run-meta.ts";

export interface Fault {
  readonly where: string;
  readonly reason: string;
}

export interface ExperimentFolder {
  readonly path: string;
  readonly id: string;
  readonly isInTrash: boolean;
}

const trashName = ".trash";
/** Of the root: the registry's folder. */
const reservedOfRoot = new Set(["models"]);
const reservedOfExperiment = new Set(["tags", "datasets", "traces", "models"]);

/** The folders that are experiments by their names, those in the trash last; in order of their names. */
export function experimentFolders(root: string): ExperimentFolder[] {
  const below = (parent: string, isInTrash: boolean): ExperimentFolder[] =>
    entriesOf(parent)
      .filter((entry) => isStoreId(entry.name) && !reservedOfRoot.has(entry.name) && entry.isDirectory())
      .map(({ name }) => ({ path: join(parent, name), id: name, isInTrash }))
      .sort((a, b) => byCodeUnits(a.id, b.id));
  const trash = join(root, trashName);
  const active = below(root, false);
  if (kindOf(trash) !== "folder") return active;
  const known = new Set(active.map(({ id }) => id));
  return [...active, ...below(trash, true).filter(({ id }) => !known.has(id))];
}

/** Undefined for a folder without `meta.yaml`. Errors: RUN_STORE_INVALID. */
export function readExperiment({ path, id, isInTrash }: ExperimentFolder): Experiment | undefined {
  const file = join(path, metaName);
  if (kindOf(file) !== "file") return undefined;
  const meta = readMeta(file);
  const written = requiredText(meta, "experiment_id", file);
  if (written !== id) throw damaged(`the experiment_id of its folder, '${id}'`, `'${written}'`, file);
  const tags = join(path, "tags");
  return {
    id,
    name: requiredText(meta, "name", file),
    lifecycle: isInTrash ? "deleted" : lifecycleOf(meta),
    artifactLocation: presentUri(textOf(meta, "artifact_location") ?? "", path, true),
    tags: new Map(keysBelow(tags).map((key) => [key, readKey(tags, key) ?? ""])),
  };
}

/** The names of the folders of an experiment that may be runs. */
export function runNamesOf(experiment: ExperimentFolder): string[] {
  return entriesOf(experiment.path)
    .filter((entry) => isStoreId(entry.name) && !reservedOfExperiment.has(entry.name) && entry.isDirectory())
    .map(({ name }) => name);
}

/**
 * The run of a folder; undefined for a folder that has nothing of one. Errors: RUN_STORE_INVALID,
 * also for a copy of another run's folder, which `meta.yaml` shows.
 */
export function openRunFolder(experiment: ExperimentFolder, name: string): RunFolder | undefined {
  const path = join(experiment.path, name);
  const file = join(path, metaName);
  try {
    const meta = parseRunMeta(readMeta(file), file);
    if (meta.id !== name) throw damaged(`the run_id of its folder, '${name}'`, `'${meta.id}'`, file);
    if (meta.experimentId !== experiment.id)
      throw damaged(`the experiment_id of its folder, '${experiment.id}'`, `'${meta.experimentId}'`, file);
    return new RunFolder(path, meta);
  } catch (error) {
    if (!isRunId(name) && kindOf(file) === "none") return undefined;
    throw error;
  }
}

/** Where the run is. */
export function findRunFolder(root: string, id: string): { experiment: ExperimentFolder; name: string } | undefined {
  if (!isStoreId(id) || reservedOfExperiment.has(id)) return undefined;
  const found = experimentFolders(root).filter((experiment) => kindOf(join(experiment.path, id, metaName)) === "file");
  // A folder that was copied into another experiment is no run there.
  const experiment = found.length < 2 ? found[0] : (found.find((one) => isWhole(one, id)) ?? found[0]);
  return experiment && { experiment, name: id };
}

function isWhole(experiment: ExperimentFolder, name: string): boolean {
  try {
    return openRunFolder(experiment, name) !== undefined;
  } catch (error) {
    if (isAppError(error)) return false;
    throw error;
  }
}

/** The folder of a logged model. */
export function findModelFolder(root: string, id: string): { experiment: ExperimentFolder; path: string } | undefined {
  if (!isStoreId(id)) return undefined;
  for (const experiment of experimentFolders(root)) {
    const path = join(experiment.path, "models", id);
    if (kindOf(join(experiment.path, "models")) === "folder" && kindOf(join(path, metaName)) === "file")
      return { experiment, path };
  }
  return undefined;
}
