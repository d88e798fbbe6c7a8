/** Searches a folder of runs: only the files are opened that filter, order and caller need. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { describeValue } from "../../base/describe-value.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import type { Run } from "../run.ts";
import { presentStatus, processTag } from "../run-process.ts";
import type { RunPage, RunQuery } from "../run-store.ts";
import { matchesFilter, parseRunFilter } from "../search/run-filter.ts";
import { parseRunOrder, sortRuns } from "../search/run-order.ts";
import type { RunFolder } from "./run-folder.ts";
import {
  type ExperimentFolder,
  experimentFolders,
  type Fault,
  openRunFolder,
  readExperiment,
  runNamesOf,
} from "./store-tree.ts";

/** The runs that a query finds, in order, and what was passed over. */
export interface FoundRuns {
  readonly runs: readonly RunFolder[];
  readonly faults: readonly Fault[];
}

/** Errors: FILTER_INVALID. */
export async function findRuns(root: string, query: RunQuery): Promise<FoundRuns> {
  const filter = parseRunFilter(query.filter);
  const order = parseRunOrder(query.orderBy);
  const lifecycle = query.lifecycle ?? "active";
  const faults: Fault[] = [];
  const found: RunFolder[] = [];
  const turn = turns();
  for (const experiment of searchedExperiments(root, query, faults)) {
    for (const name of runNamesOf(experiment)) {
      await turn();
      const run = orFault(faults, () => openRunFolder(experiment, name));
      if (run === undefined || (lifecycle !== "all" && run.meta.lifecycle !== lifecycle)) continue;
      await noteStatus(run, faults);
      if (orFault(faults, () => matchesFilter(run, filter))) found.push(run);
    }
  }
  return { runs: sortFound(found, order, faults), faults };
}

/** A run whose order cannot be read is passed over. */
function sortFound(runs: readonly RunFolder[], order: ReturnType<typeof parseRunOrder>, faults: Fault[]): RunFolder[] {
  const readable = runs.filter((run) => orFault(faults, () => sortRuns([run], order)) !== undefined);
  return sortRuns(readable, order);
}

/** Reads the runs of one page. */
export async function readPage(
  { runs, faults }: FoundRuns,
  offset: number,
  { limit = 1000, only }: RunQuery,
): Promise<Omit<RunPage, "nextPageToken">> {
  const turn = turns();
  const page: Run[] = [];
  const all = [...faults];
  for (const folder of runs.slice(offset, offset + limit)) {
    await turn();
    const run = orFault(all, () => folder.read(only));
    if (run !== undefined) page.push(run);
  }
  return { runs: page, faults: all };
}

/** A run that is RUNNING by a process that is gone is KILLED. */
export async function noteStatus(run: RunFolder, faults: Fault[]): Promise<void> {
  if (run.meta.status !== "RUNNING") return;
  run.status = await presentStatus(
    run.meta.status,
    orFault(faults, () => run.tag(processTag)),
  );
}

function searchedExperiments(root: string, { experimentIds }: RunQuery, faults: Fault[]): ExperimentFolder[] {
  const all = experimentFolders(root);
  if (experimentIds !== undefined) {
    const wanted = new Set(experimentIds);
    return all.filter(({ id }) => wanted.has(id));
  }
  return all.filter((folder) => orFault(faults, () => readExperiment(folder))?.lifecycle === "active");
}

/** What `read` gives, or undefined and a fault for a folder that is damaged or was removed meanwhile. */
function orFault<T>(faults: Fault[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isAppError(error) || error.code === "TOO_MANY_OPEN_FILES") throw error;
    faults.push({ where: error.where ?? "", reason: error.summary });
    return undefined;
  }
}

const turnMs = 8;

/** Lets other work of the process go on every few milliseconds. */
function turns(): () => Promise<void> | undefined {
  let start = performance.now();
  return () => {
    if (performance.now() - start < turnMs) return undefined;
    return nextTurn().then(() => {
      start = performance.now();
    });
  };
}

export const mostRunsOfPage = 50_000;

/** Errors: TRACKING_VALUE_INVALID. */
export function requireLimit({ limit }: RunQuery): void {
  if (limit === undefined || (Number.isInteger(limit) && limit >= 1 && limit <= mostRunsOfPage)) return;
  throw new AppError("TRACKING_VALUE_INVALID", {
    required: `a page of 1 to ${mostRunsOfPage} runs`,
    received: describeValue(limit),
  });
}

/** As MLflow's: an offset. */
export function pageTokenOf(offset: number): string {
  return Buffer.from(JSON.stringify({ offset })).toString("base64");
}

/** Errors: TRACKING_VALUE_INVALID. */
export function offsetOf(pageToken: string | undefined): number {
  if (pageToken === undefined) return 0;
  const found = /^\{"offset": ?(\d{1,9})\}$/.exec(Buffer.from(pageToken, "base64").toString());
  if (found !== null) return Number(found[1]);
  throw new AppError("TRACKING_VALUE_INVALID", {
    required: "a page token that a search gave",
    received: describeValue(pageToken),
  });
}
