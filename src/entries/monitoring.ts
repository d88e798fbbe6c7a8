/**
 * `import … from "pawprint/monitoring"`: what a service's prediction log says of its models.
 *
 * `measurePredictionLog` makes a report, `renderMonitorPage` a page of it; `openPredictionLog` reads and writes the rows
 * themselves; `detectDrift` compares observations of one's own with a bundle's reference, `makeReference` makes that.
 */
export type { RoleComparison } from "../monitor/compare-roles.ts";
export { type DetectOptions, type DriftReport, detectDrift } from "../monitor/detect-drift.ts";
export { calibrateDrift, type DriftCalibration, type Observation } from "../monitor/drift-tests.ts";
export type { MonitorAlarm, MonitorReport, WindowSize } from "../monitor/measure-log.ts";
export { type MonitorPageOptions, renderMonitorPage } from "../monitor/page/monitor-page.ts";
export type { UnusualPrediction } from "../monitor/unusual-predictions.ts";
export type { VersionFigures } from "../monitor/version-figures.ts";
export type { WindowFigures } from "../monitor/window-figures.ts";
export type { DriftTest } from "../monitor/window-tests.ts";
export { openPredictionLog } from "../prediction-log/open-prediction-log.ts";
export type {
  Feedback,
  LabelledPrediction,
  LoggedModel,
  LoggedPrediction,
  LogRange,
  PredictionLog,
} from "../prediction-log/prediction-log.ts";
export { makeReference, measurePredictionLog } from "../wire/monitoring.ts";
export type { MonitorLogOptions } from "../wire/options/monitoring-options.ts";
