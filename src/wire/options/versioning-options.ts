/** The options of the functions about data versions. */
import { Type } from "typebox";
import type { Progress } from "../../base/progress.ts";
import { literals } from "../../base/schema/literals.ts";
import {
  Callback,
  Count,
  Flag,
  instanceOf,
  LoggerOption,
  optionsSchema,
  ProgressOption,
  SignalOption,
  Text,
} from "../../base/schema/options.ts";
import type { ReproOptions } from "../../pipeline/repro.ts";
import type { GcOptions } from "../../versioning/remotes/gc.ts";
import type { ImportUrlOptions } from "../../versioning/remotes/import-url.ts";
import type { PullOptions } from "../../versioning/remotes/pull-data.ts";
import type { DataTransferOptions } from "../../versioning/remotes/transfer-data.ts";
import type { InitOptions } from "../../versioning/repo/open-repository.ts";
import type { CheckoutDataOptions } from "../../versioning/workspace/checkout.ts";
import type { DataOptions, TrackedDataOptions } from "../../versioning/workspace/data-options.ts";
import type { DiffOptions } from "../../versioning/workspace/diff.ts";
import type { RemoveDataOptions } from "../../versioning/workspace/remove.ts";

export interface VersionReportOptions {
  /** The time that the page says it was made at; now unless given. */
  readonly now?: Date;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface DagOptions {
  /** Where relative targets start from; the current folder unless given. */
  readonly folder?: string;
  /** Outputs instead of stages. */
  readonly outs?: boolean;
  /** With targets: all that is connected with them. */
  readonly full?: boolean;
}

const shared = { folder: Type.Optional(Text), progress: ProgressOption, signal: SignalOption };

export const diffOptions = optionsSchema<DiffOptions>({ ...shared, targets: Type.Optional(Type.Array(Text)) });
export const versionReportOptions = optionsSchema<VersionReportOptions>({
  now: Type.Optional(instanceOf("a Date", (value) => value instanceof Date)),
  progress: ProgressOption,
  signal: SignalOption,
});
export const initOptions = optionsSchema<InitOptions>({ noScm: Flag, subdir: Flag, force: Flag });
export const dataOptions = optionsSchema<DataOptions>(shared);
export const trackedDataOptions = optionsSchema<TrackedDataOptions>({ ...shared, glob: Flag });
export const checkoutOptions = optionsSchema<CheckoutDataOptions>({ ...shared, glob: Flag, force: Flag, relink: Flag });
export const removeOptions = optionsSchema<RemoveDataOptions>({ ...shared, outs: Flag, force: Flag });

const OptionalText = Type.Optional(Text);
const revisions = { allBranches: Flag, allTags: Flag, allCommits: Flag };
const transfer = { ...shared, ...revisions, remote: OptionalText, runCache: Flag, jobs: Count, onWait: Callback };

export const transferOptions = optionsSchema<DataTransferOptions>(transfer);
export const pullOptions = optionsSchema<PullOptions>({ ...transfer, force: Flag });
export const gcOptions = optionsSchema<GcOptions>({
  ...revisions,
  workspace: Flag,
  cloud: Flag,
  remote: OptionalText,
  notInRemote: Flag,
  projects: Type.Optional(Type.Array(Text)),
  dryRun: Flag,
  allowMissing: Flag,
  jobs: Count,
  progress: ProgressOption,
  signal: SignalOption,
  onWait: Callback,
});
export const importUrlOptions = optionsSchema<ImportUrlOptions>({
  ...shared,
  out: OptionalText,
  noDownload: Flag,
  force: Flag,
  jobs: Count,
  onWait: Callback,
});
export const reproOptions = optionsSchema<ReproOptions>({
  ...shared,
  downstream: Flag,
  pipeline: Flag,
  singleItem: Flag,
  allPipelines: Flag,
  force: Flag,
  forceDownstream: Flag,
  dry: Flag,
  onFailure: Type.Optional(literals(["stop", "keep-going", "ignore"])),
  noCommit: Flag,
  noRunCache: Flag,
  pull: Flag,
  jobs: Count,
  env: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "texts by name" })),
  output: Callback,
  onEvent: Callback,
  logger: LoggerOption,
});
export const dagOptions = optionsSchema<DagOptions>({ folder: Type.Optional(Text), outs: Flag, full: Flag });
