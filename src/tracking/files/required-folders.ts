/** The folders of runs and experiments that a call names, or the error that it gets. */
import { describeValue } from "../../base/describe-value.ts";
import { AppError } from "../../base/errors.ts";
import { isStoreId } from "../run-rules.ts";
import { requireActive } from "./experiments.ts";
import type { RunFolder } from "./run-folder.ts";
import {
  type ExperimentFolder,
  experimentFolders,
  findRunFolder,
  openRunFolder,
  readExperiment,
} from "./store-tree.ts";

export interface StorePlace {
  readonly root: string;
  /** As the caller named the root, for errors. */
  readonly location: string;
}

/** Deleted runs too. Errors: RUN_NOT_FOUND, RUN_STORE_INVALID. */
export function requireRun(place: StorePlace, id: string): RunFolder {
  const found = findRunFolder(place.root, id);
  const run = found && openRunFolder(found.experiment, found.name);
  if (run !== undefined) return run;
  throw noRun(place, "a run of this id", isStoreId(id) ? "none" : describeValue(id), id);
}

/** A run that can be written to. Errors: as of `requireRun`. */
export function requireActiveRun(place: StorePlace, id: string): RunFolder {
  const run = requireRun(place, id);
  if (run.meta.lifecycle === "active") return run;
  throw noRun(place, "an active run of this id", "one that was deleted", id, "restore the run first");
}

function noRun({ location }: StorePlace, required: string, received: string, id: string, hint?: string): AppError {
  const where = `${location} ${id.slice(0, 64)}`;
  return new AppError("RUN_NOT_FOUND", { required, received, where, ...(hint !== undefined && { hint }) });
}

export function idTaken({ location }: StorePlace, id: string): AppError {
  return new AppError("TRACKING_VALUE_INVALID", {
    required: "a run's id that is free",
    received: `${id}, which is a run already`,
    where: location,
  });
}

/** Errors: EXPERIMENT_NOT_FOUND, EXPERIMENT_DELETED, RUN_STORE_INVALID. */
export function requireActiveExperiment({ root, location }: StorePlace, id: string): ExperimentFolder {
  const folder = experimentFolders(root).find((one) => one.id === id);
  const experiment = folder && readExperiment(folder);
  if (folder !== undefined && experiment !== undefined) {
    requireActive(experiment, location);
    return folder;
  }
  throw new AppError("EXPERIMENT_NOT_FOUND", {
    required: "an experiment of this id",
    received: describeValue(id),
    where: location,
  });
}
