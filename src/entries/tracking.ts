/**
 * `import … from "pawprint/tracking"`: runs in a folder of MLflow's layout, or on an MLflow server.
 *
 * `openRunStore` opens either, `listRuns` and `findRun` find runs, `readRun`, `compareRuns` and
 * `watchRun` read them, `exportRuns` copies them; the store itself writes them.
 */

export type { CompareRunsOptions, RunComparison, RunCurves } from "../tracking/compare-runs.ts";
// Stores
export type { Delivery, DeliveryProblem } from "../tracking/delivery/delivery.ts";
export type { FindRunOptions } from "../tracking/find-run.ts";
export type { ListedRuns, ListRunsOptions } from "../tracking/list-runs.ts";
export { byTelling, type MetricGoal, metricGoal } from "../tracking/metric-keys.ts";
export type { ReadRunOptions, RunDetails, RunMetric } from "../tracking/read-run.ts";
export type {
  ArtifactEntry,
  ArtifactOwner,
  DatasetInput,
  Experiment,
  Lifecycle,
  LoggedModel,
  MetricPoint,
  Run,
  RunStatus,
} from "../tracking/run.ts";
export {
  type ArtifactContent,
  eachRun,
  type NewLoggedModel,
  type NewRun,
  type RunBatch,
  type RunPage,
  type RunQuery,
  type RunStore,
} from "../tracking/run-store.ts";
export { type SearchKeys, searchKeys } from "../tracking/search-keys.ts";
export type { RunProgress, WatchRunOptions } from "../tracking/watch-run.ts";
export type { ExportRunsOptions } from "../wire/export-runs.ts";
export type { OpenRunStoreOptions } from "../wire/options/runs-options.ts";
export { registeredRuns } from "../wire/registered-runs.ts";
export { metricsCsv, runsCsv } from "../wire/run-tables.ts";
export {
  compareRuns,
  exportRuns,
  findRun,
  listRuns,
  openRunStore,
  readRun,
  renderComparisonCurves,
  renderRunComparison,
  renderRunCurves,
  watchRun,
} from "../wire/runs.ts";
