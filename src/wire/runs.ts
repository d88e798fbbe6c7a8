/** The functions of `pawprint/tracking`: each that takes options checks them when it is called. */
import { readOptions } from "../base/schema/options.ts";
import type { renderRunComparisonPage } from "../report/runs/run-comparison-page.ts";
import type { RunComparison } from "../tracking/compare-runs.ts";
import * as comparisons from "../tracking/compare-runs.ts";
import * as finding from "../tracking/find-run.ts";
import * as lists from "../tracking/list-runs.ts";
import type { RunDetails } from "../tracking/read-run.ts";
import * as reading from "../tracking/read-run.ts";
import type { RunStore } from "../tracking/run-store.ts";
import { type TrackingAccess, trackingAccess } from "../tracking/tracking-access.ts";
import * as watching from "../tracking/watch-run.ts";
import type { exportRuns as exportRunsInto } from "./export-runs.ts";
import type { OpenRunStoreOptions } from "./options/runs-options.ts";
import * as options from "./options/runs-options.ts";
import * as adapters from "./tracking.ts";

/** Where the options lead, with the environment. Errors: TRACKING_URI_INVALID. */
function accessOf(given: OpenRunStoreOptions | undefined, call: string): TrackingAccess {
  const { env = process.env, ...settings } = readOptions(options.openRunStoreOptions, given, call);
  return trackingAccess(settings, env, (path) => path);
}

/**
 * Runs in a folder of MLflow's layout, or on an MLflow server: `trackingUri`, else
 * MLFLOW_TRACKING_URI, else the folder `runs`. Close it when done.
 * Errors: TRACKING_URI_INVALID; CONFIG_INVALID, CONFIG_UNKNOWN_KEY.
 */
export async function openRunStore(given?: OpenRunStoreOptions): Promise<RunStore> {
  return adapters.openRunStore(accessOf(given, "openRunStore"));
}

/** See `listRuns` in `tracking/list-runs.ts`. */
export const listRuns: typeof lists.listRuns = async (store, given) =>
  lists.listRuns(store, readOptions(options.listRunsOptions, given, "listRuns"));

/** See `findRun` in `tracking/find-run.ts`. */
export const findRun: typeof finding.findRun = async (store, reference, given) =>
  finding.findRun(store, reference, readOptions(options.findRunOptions, given, "findRun"));

/** See `readRun` in `tracking/read-run.ts`. */
export const readRun: typeof reading.readRun = async (store, run, given) =>
  reading.readRun(store, run, readOptions(options.readRunOptions, given, "readRun"));

/** See `compareRuns` in `tracking/compare-runs.ts`. */
export const compareRuns: typeof comparisons.compareRuns = async (store, runs, given) =>
  comparisons.compareRuns(store, runs, readOptions(options.compareRunsOptions, given, "compareRuns"));

/** See `watchRun` in `tracking/watch-run.ts`. */
export const watchRun: typeof watching.watchRun = (store, id, given) =>
  watching.watchRun(store, id, readOptions(options.watchRunOptions, given, "watchRun"));

/** See `exportRuns` in `wire/export-runs.ts`. */
export const exportRuns: typeof exportRunsInto = async (store, ids, given) => {
  const checked = readOptions(options.exportRunsOptions, given, "exportRuns");
  const exporting = await import("./export-runs.ts");
  return exporting.exportRuns(store, ids, checked);
};

/** The learning curves of one run as SVG text, a panel for each quantity. */
export async function renderRunCurves({ run, metrics }: RunDetails): Promise<string> {
  const [{ renderChart }, { curvesChart, runPanels }] = await charts();
  return renderChart(curvesChart(runPanels(metrics), run.name));
}

/** The curves of many runs over each other as SVG text, a panel for each metric. */
export async function renderComparisonCurves(comparison: RunComparison): Promise<string> {
  const [{ renderChart }, { comparisonPanels, curvesChart }] = await charts();
  return renderChart(curvesChart(comparisonPanels(comparison), `${comparison.runs.length} runs`));
}

/** Charts are loaded where one is drawn: a list need not wait for them. */
function charts() {
  return Promise.all([import("../report/charts/chart.ts"), import("../report/runs/run-curves.ts")]);
}

/** A page about runs side by side: see `renderRunComparisonPage` in `report/runs/run-comparison-page.ts`. */
export const renderRunComparison: typeof renderRunComparisonPage = async (comparison, given) => {
  const facts = readOptions(options.comparisonPageOptions, given, "renderRunComparison");
  const page = await import("../report/runs/run-comparison-page.ts");
  return page.renderRunComparisonPage(comparison, facts);
};
