/** Trainings and evaluations that are recorded as runs: opens the store, adds what is known of the place. */
import { basename, join } from "node:path";
import { toAppError } from "../base/errors.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { nameOf } from "../dataset/source-name.ts";
import { isKept } from "../tracking/delivery/known-ids.ts";
import type { RunStore } from "../tracking/run-store.ts";
import { trackingAccess } from "../tracking/tracking-access.ts";
import type { TrackingConfig } from "../tracking/tracking-config.ts";
import type { EvaluateBundleOptions as PlainEvaluateOptions } from "../train/evaluation/evaluate-bundle.ts";
import { orUnrecorded, requireUsable } from "../train/recording/open-run.ts";
import { type SweepFacts, SweepRecorder } from "../train/recording/sweep-recorder.ts";
import { TrainingRecorder } from "../train/recording/training-recorder.ts";
import { type TrainOptions as PlainTrainOptions, type TrainReport as PlainTrainReport, train } from "../train/train.ts";
import { predictionEngine } from "./engines.ts";
import { environmentTags, gitFiles } from "./environment-tags.ts";
import { type GitState, readGitState } from "./git-state.ts";
import { trainingFiles } from "./recorded-files.ts";
import { openRecordingStore } from "./tracking.ts";

/** Where and how a run is recorded: the section `tracking` of the configuration, and what programs add. */
export interface TrackingOptions extends Partial<TrackingConfig> {
  /** In place of `trackingUri`; stays open. */
  readonly store?: RunStore;
  /** What makes the run: the script's name unless given. */
  readonly source?: string;
  /** Whose Git state and lock file are recorded; the current one unless given. */
  readonly folder?: string;
}

/** Where a training was recorded. */
export interface RecordedRun {
  /** Of the store, without user and password. */
  readonly location: string;
  readonly experiment: string;
  /** Undefined for a run that was kept for a server, which gives other ids. */
  readonly experimentId?: string;
  readonly runId: string;
}

export interface TrainOptions extends Omit<PlainTrainOptions, "recorder"> {
  /** Records the training as a run; nothing is recorded unless given. */
  readonly tracking?: TrackingOptions | false;
}

export interface EvaluateBundleOptions extends PlainEvaluateOptions {
  /** Adds the evaluation to the run that made the bundle; nothing is recorded unless given. */
  readonly tracking?: TrackingOptions | false;
}

export interface TrainReport extends PlainTrainReport {
  /** Where it was recorded. */
  readonly recorded?: RecordedRun;
}

/**
 * `train`, recorded as a run. Errors: those of `train`; those of the store before the first step,
 * none after it.
 */
export async function trainRecorded(options: PlainTrainOptions, tracking: TrackingOptions): Promise<TrainReport> {
  const { data, logger = silentLogger, signal } = options;
  const opened = await openTracking(tracking, data, logger);
  const { store, experiment } = opened;
  try {
    const recorder = await recorderFor(options, tracking, opened);
    let trained: PlainTrainReport;
    try {
      trained = await train({
        ...options,
        run: { ...options.run, ...(tracking.runName !== undefined && { name: tracking.runName }) },
        recorder,
        onEvent(event) {
          recorder.event(event);
          options.onEvent?.(event);
        },
      });
    } catch (error) {
      await recorder.fail(error);
      throw error;
    }
    await recordResults(recorder, trained, { data, logger, signal });
    await recorder.finish();
    const { id } = recorder.run;
    const recorded = { location: store.location, experiment, runId: id };
    if (isKept(recorder.run)) return { ...trained, recorded };
    // Its id on a server is another one than in the spool.
    const there = store.givesRunIds ? await store.findExperiment(experiment).catch(() => undefined) : undefined;
    return { ...trained, recorded: { ...recorded, experimentId: there?.id ?? recorder.run.experimentId } };
  } finally {
    await opened.close();
  }
}

export interface OpenedTracking {
  readonly store: RunStore;
  readonly experiment: string;
  /** Closes the store where it was opened here. */
  close(): Promise<void>;
}

/** Errors: those of `trackingAccess` and of the store, where it cannot be used. */
async function openTracking(tracking: TrackingOptions, data: string, logger: Logger): Promise<OpenedTracking> {
  const experiment = tracking.experiment ?? (process.env.MLFLOW_EXPERIMENT_NAME || nameOf(data));
  try {
    const opened = await openStore(tracking, logger);
    await requireUsable({ store: opened.store, experiment });
    return { ...opened, experiment };
  } catch (error) {
    throw orUnrecorded(error);
  }
}

/** The store that is given, or the one of the settings. Errors: TRACKING_URI_INVALID; those of opening. */
export async function openStore(
  tracking: TrackingOptions,
  logger: Logger,
): Promise<Omit<OpenedTracking, "experiment">> {
  if (tracking.store) return { store: tracking.store, close: async () => undefined };
  const access = trackingAccess(tracking, process.env, (path) => path);
  const store = await openRecordingStore(access, { spoolFolder: join(".pawprint", "spool"), logger });
  return { store, close: () => store.close() };
}

/** The run of a sweep, new or resumed. Errors: those of the store; FILE_WRITE_FAILED. */
export async function beginSweep(
  facts: Pick<SweepFacts, "sweep" | "folder" | "name">,
  tracking: TrackingOptions,
  logger: Logger,
): Promise<SweepRecorder> {
  const { store, experiment } = await openTracking(tracking, facts.sweep.data, logger);
  const tags = await runTags(tracking, await readGitState(tracking.folder ?? process.cwd()));
  return SweepRecorder.begin({ store, experiment, logger }, { ...facts, tags, now: Date.now });
}

/** Tags of place and versions, then those that are given. */
export async function runTags(tracking: TrackingOptions, git: GitState | undefined) {
  const { source = basename(process.argv[1] ?? "node"), folder = process.cwd(), parentRun, tags = {} } = tracking;
  return new Map([
    ...(await environmentTags(source, folder, git)),
    ...(parentRun === undefined ? [] : [["mlflow.parentRunId", parentRun] as const]),
    ...Object.entries(tags),
  ]);
}

async function recorderFor(
  { data, settings = {}, logger = silentLogger, pipeline }: PlainTrainOptions,
  tracking: TrackingOptions,
  { store, experiment }: OpenedTracking,
): Promise<TrainingRecorder> {
  const git = await readGitState(tracking.folder ?? process.cwd());
  return new TrainingRecorder({
    store,
    experiment,
    dataset: { name: nameOf(data), location: data },
    given: { data, ...settings },
    tags: new Map([...pipelineTags(pipeline), ...(await runTags(tracking, git))]),
    files: gitFiles(git),
    metricSteps: tracking.metricSteps ?? 10,
    logCheckpoints: tracking.logCheckpoints ?? false,
    logger,
    now: Date.now,
  });
}

function pipelineTags(pipeline: PlainTrainOptions["pipeline"]): readonly (readonly [string, string])[] {
  if (pipeline === undefined) return [];
  const { stage, lock } = pipeline;
  return [
    ["pawprint.pipeline_stage", stage],
    ...(lock === undefined ? [] : [["pawprint.pipeline_lock", lock] as const]),
  ];
}

/** The bundle as a model, the final figures, the files. Never fails: the training is done. */
async function recordResults(
  recorder: TrainingRecorder,
  trained: PlainTrainReport,
  {
    data,
    logger,
    signal,
  }: { readonly data: string; readonly logger: Logger; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const model = await recorder.model(trained.bundle);
  recorder.evaluated(trained, model?.id);
  try {
    const names = { bundle: basename(trained.bundle.path), data };
    const executor = await predictionEngine();
    for await (const [path, text] of trainingFiles(trained, { executor, names, signal })) recorder.file(path, text);
  } catch (error) {
    logger.warn(`charts and page of the run are left out: ${toAppError(error).message}`);
  }
}
