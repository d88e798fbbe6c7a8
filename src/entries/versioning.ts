/**
 * `import … from "pawprint/versioning"`: data versions and pipelines in DVC's repositories.
 *
 * `openRepository` finds the repository of a folder, `initRepository` makes one; `addData`, `dataStatus`,
 * `checkoutData` and the others do what the commands `pawprint data ...` do.
 */

export type { CommittedStage } from "../pipeline/commit-stages.ts";
export type { Dag } from "../pipeline/dag.ts";
export { dagDot, dagMermaid, dagText } from "../pipeline/dag.ts";
export type { ValueChange, ValueTable } from "../pipeline/metrics.ts";
export type { NamedStageStatus } from "../pipeline/pipeline-status.ts";
export type { PlotData, PlotFailure, PlotReading } from "../pipeline/plots.ts";
export type { ReproEnd, ReproEvent, ReproNode, ReproOptions, ReproReport } from "../pipeline/repro.ts";
export type { CommandOutput, OutputSink } from "../pipeline/repro-commands.ts";
export type { OnFailure } from "../pipeline/repro-schedule.ts";
export type { EntryChange, StageStatus } from "../pipeline/stage-status.ts";
export { dagSvg } from "../report/pipeline/dag-drawing.ts";
export type { DataEntry, DataHash, TreeFile } from "../versioning/data-hash.ts";
export type { DvcConfig, LinkType, RemoteConfig } from "../versioning/formats/dvc-config.ts";
export type { GarbageObject, GcOptions, GcPlace, GcReport } from "../versioning/remotes/gc.ts";
export type { Imported, ImportUrlOptions } from "../versioning/remotes/import-url.ts";
export type { PulledData, PullOptions } from "../versioning/remotes/pull-data.ts";
export type { DataTransfer, DataTransferOptions, RemoteTransfer } from "../versioning/remotes/transfer-data.ts";
export { findRepository, type InitOptions, openRepository } from "../versioning/repo/open-repository.ts";
export type { Repository } from "../versioning/repo/repository.ts";
export type { AddedData, Addition } from "../versioning/workspace/add.ts";
export type { CheckedOut, CheckoutDataOptions } from "../versioning/workspace/checkout.ts";
export type { CommittedData } from "../versioning/workspace/commit.ts";
export type { DataOptions, TrackedDataOptions } from "../versioning/workspace/data-options.ts";
export type { DataDiff, DiffOptions, OutputDiff, RenamedFile } from "../versioning/workspace/diff.ts";
export type { RemoveDataOptions, RemovedData } from "../versioning/workspace/remove.ts";
export type { DataState, DataStatus, FileChanges, OutputStatus } from "../versioning/workspace/status.ts";
export { diffData, renderVersionDiff, type VersionDiff } from "../wire/data-diff.ts";
export type { DagOptions, VersionReportOptions } from "../wire/options/versioning-options.ts";
export {
  type DrawnPlots,
  diffMetrics,
  diffParams,
  drawPlots,
  pipelineDag,
  pipelineMetrics,
  pipelineParams,
} from "../wire/pipeline-views.ts";
export {
  addData,
  checkoutData,
  collectGarbage,
  commitData,
  commitStages,
  dataStatus,
  fetchData,
  importUrl,
  initRepository,
  pipelineStatus,
  pullData,
  pushData,
  removeData,
  repro,
} from "../wire/versioning.ts";
