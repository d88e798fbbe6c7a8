/** The functions of `pawprint/versioning` that take options: each checks them when it is called. */
import { readOptions } from "../base/schema/options.ts";
import * as stageCommits from "../pipeline/commit-stages.ts";
import * as pipelines from "../pipeline/pipeline-status.ts";
import * as reproductions from "../pipeline/repro.ts";
import * as garbage from "../versioning/remotes/gc.ts";
import * as imports from "../versioning/remotes/import-url.ts";
import * as pulls from "../versioning/remotes/pull-data.ts";
import * as transfers from "../versioning/remotes/transfer-data.ts";
import * as repositories from "../versioning/repo/open-repository.ts";
import * as additions from "../versioning/workspace/add.ts";
import * as checkouts from "../versioning/workspace/checkout.ts";
import * as commits from "../versioning/workspace/commit.ts";
import * as removals from "../versioning/workspace/remove.ts";
import * as statuses from "../versioning/workspace/status.ts";
import * as options from "./options/versioning-options.ts";

/** See `initRepository` in `versioning/repo/open-repository.ts`. */
export const initRepository: typeof repositories.initRepository = async (folder, given) =>
  repositories.initRepository(folder, readOptions(options.initOptions, given, "initRepository"));

/** See `addData` in `versioning/workspace/add.ts`. */
export const addData: typeof additions.addData = async (repository, paths, given) =>
  additions.addData(repository, paths, readOptions(options.dataOptions, given, "addData"));

/** See `dataStatus` in `versioning/workspace/status.ts`. */
export const dataStatus: typeof statuses.dataStatus = async (repository, targets, given) =>
  statuses.dataStatus(repository, targets, readOptions(options.trackedDataOptions, given, "dataStatus"));

/** See `commitData` in `versioning/workspace/commit.ts`. */
export const commitData: typeof commits.commitData = async (repository, targets, given) =>
  commits.commitData(repository, targets, readOptions(options.trackedDataOptions, given, "commitData"));

/** See `checkoutData` in `versioning/workspace/checkout.ts`. */
export const checkoutData: typeof checkouts.checkoutData = async (repository, targets, given) =>
  checkouts.checkoutData(repository, targets, readOptions(options.checkoutOptions, given, "checkoutData"));

/** See `removeData` in `versioning/workspace/remove.ts`. */
export const removeData: typeof removals.removeData = async (repository, targets, given) =>
  removals.removeData(repository, targets, readOptions(options.removeOptions, given, "removeData"));

/** See `pushData` in `versioning/remotes/transfer-data.ts`. */
export const pushData: typeof transfers.pushData = async (repository, targets, given) =>
  transfers.pushData(repository, targets, readOptions(options.transferOptions, given, "pushData"));

/** See `fetchData` in `versioning/remotes/transfer-data.ts`. */
export const fetchData: typeof transfers.fetchData = async (repository, targets, given) =>
  transfers.fetchData(repository, targets, readOptions(options.transferOptions, given, "fetchData"));

/** See `pullData` in `versioning/remotes/pull-data.ts`. */
export const pullData: typeof pulls.pullData = async (repository, targets, given) =>
  pulls.pullData(repository, targets, readOptions(options.pullOptions, given, "pullData"));

/** See `collectGarbage` in `versioning/remotes/gc.ts`. */
export const collectGarbage: typeof garbage.collectGarbage = async (repository, given) =>
  garbage.collectGarbage(repository, readOptions(options.gcOptions, given, "collectGarbage"));

/** See `importUrl` in `versioning/remotes/import-url.ts`. */
export const importUrl: typeof imports.importUrl = async (repository, url, given) =>
  imports.importUrl(repository, url, readOptions(options.importUrlOptions, given, "importUrl"));

/** See `repro` in `pipeline/repro.ts`. */
export const repro: typeof reproductions.repro = async (repository, targets, given) =>
  reproductions.repro(repository, targets, readOptions(options.reproOptions, given, "repro"));

/** See `pipelineStatus` in `pipeline/pipeline-status.ts`. */
export const pipelineStatus: typeof pipelines.pipelineStatus = async (repository, targets, given) =>
  pipelines.pipelineStatus(repository, targets, readOptions(options.dataOptions, given, "pipelineStatus"));

/** See `commitStages` in `pipeline/commit-stages.ts`. */
export const commitStages: typeof stageCommits.commitStages = async (repository, targets, given) =>
  stageCommits.commitStages(repository, targets, readOptions(options.trackedDataOptions, given, "commitStages"));
