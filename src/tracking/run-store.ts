/** The port to where runs are recorded; adapters: a folder in MLflow's layout, an MLflow server. */
import type {
  ArtifactEntry,
  ArtifactOwner,
  DatasetInput,
  Experiment,
  Lifecycle,
  LoggedModel,
  MetricPoint,
  Run,
  RunStatus,
} from "./run.ts";

export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  readonly startedMs: number;
  readonly tags?: ReadonlyMap<string, string>;
  /** 32 hexadecimal digits; a store that gives ids of its own (`givesRunIds`) refuses it. */
  readonly id?: string;
}

/** Logged together, as often as needed: a point that is there is not added again. */
export interface RunBatch {
  readonly metrics?: readonly MetricPoint[];
  /** Written once: another value for a key that is there is PARAM_CHANGED. */
  readonly params?: ReadonlyMap<string, string>;
  /** The last value stands. */
  readonly tags?: ReadonlyMap<string, string>;
  /** The logged model that the metrics are of, too. */
  readonly modelId?: string;
}

export interface RunQuery {
  /** All active experiments unless given. */
  readonly experimentIds?: readonly string[];
  /** MLflow's filter language: `metrics.val_accuracy > 0.9 and tags.team = 'pets'`. */
  readonly filter?: string;
  /** MLflow's clauses: `metrics.val_accuracy DESC`. Default: the newest first, then by id. */
  readonly orderBy?: readonly string[];
  /** Default active. */
  readonly lifecycle?: Lifecycle | "all";
  /** Runs of one page; 1 to 50,000, default 1000. */
  readonly limit?: number;
  /** From the page before. */
  readonly pageToken?: string;
  /**
   * The keys that the caller will read, where it needs no others: a folder then opens fewer files.
   * An adapter may give more.
   */
  readonly only?: {
    readonly metrics?: readonly string[];
    readonly params?: readonly string[];
    readonly tags?: readonly string[];
    /** Whether datasets and logged models are read; they are left out unless asked for. */
    readonly inputs?: boolean;
  };
}

export interface RunPage {
  readonly runs: readonly Run[];
  readonly nextPageToken?: string;
  /** Folders that are no whole runs, passed over: place and reason. */
  readonly faults: readonly { readonly where: string; readonly reason: string }[];
}

export interface NewLoggedModel {
  readonly experimentId: string;
  readonly name: string;
  readonly runId?: string;
  readonly tags?: ReadonlyMap<string, string>;
  readonly params?: ReadonlyMap<string, string>;
}

/** Bytes, or a file that is read piece by piece. */
export type ArtifactContent = Uint8Array | { readonly file: string };

/**
 * Errors of every call: RUN_NOT_FOUND, EXPERIMENT_NOT_FOUND, LOGGED_MODEL_NOT_FOUND for ids that are
 * not there; TRACKING_VALUE_INVALID for keys and values outside MLflow's rules, before anything is
 * written; FILE_READ_FAILED, FILE_WRITE_FAILED and RUN_STORE_INVALID (folder);
 * TRACKING_UNAVAILABLE, TRACKING_REFUSED and TRACKING_ANSWER_INVALID (server); INTERRUPTED.
 */
export interface RunStore {
  /** As it was given, without user and password. */
  readonly location: string;
  /** Whether `createRun` takes no ids: an MLflow server gives its own. */
  readonly givesRunIds: boolean;

  /** The experiment of this name, deleted ones too; undefined where there is none. */
  findExperiment(name: string): Promise<Experiment | undefined>;
  /**
   * The experiment of this name, made where there is none; one that several processes make at once
   * is made once. Errors: EXPERIMENT_DELETED.
   */
  ensureExperiment(name: string): Promise<Experiment>;
  listExperiments(lifecycle?: Lifecycle | "all"): Promise<readonly Experiment[]>;

  createRun(run: NewRun): Promise<Run>;
  /** With all its keys; deleted runs too. */
  getRun(id: string): Promise<Run>;
  updateRun(id: string, change: { status?: RunStatus; endedMs?: number; name?: string }): Promise<void>;
  /** Errors: FILTER_INVALID. */
  searchRuns(query: RunQuery): Promise<RunPage>;
  logBatch(id: string, batch: RunBatch): Promise<void>;
  deleteTag(id: string, key: string): Promise<void>;
  /** In the order in which they were logged; empty for a key that is not there. */
  metricHistory(id: string, key: string): Promise<readonly MetricPoint[]>;
  /** One that is there (same name and digest) is not added again. */
  logInputs(id: string, inputs: readonly DatasetInput[]): Promise<void>;
  deleteRun(id: string): Promise<void>;
  restoreRun(id: string): Promise<void>;

  /** The entries of one folder, by name. Errors: ARTIFACT_PATH_INVALID. */
  listArtifacts(owner: ArtifactOwner, folder?: string): Promise<readonly ArtifactEntry[]>;
  /** The content in chunks. Errors: ARTIFACT_PATH_INVALID, FILE_NOT_FOUND. */
  readArtifact(owner: ArtifactOwner, path: string): AsyncIterable<Uint8Array>;
  /** Whole or not at all; replaces one that is there. Errors: ARTIFACT_PATH_INVALID. */
  writeArtifact(owner: ArtifactOwner, path: string, content: ArtifactContent): Promise<void>;

  /** PENDING, an output of its run. Errors: TRACKING_UNSUPPORTED (a server before MLflow 3). */
  createModel(model: NewLoggedModel): Promise<LoggedModel>;
  finishModel(id: string, status: "READY" | "FAILED"): Promise<void>;
  getModel(id: string): Promise<LoggedModel>;

  /** Delivers what is still held, gives connections and locks back. */
  close(): Promise<void>;
}

/** All pages of a search. */
export async function* eachRun(store: RunStore, query: RunQuery): AsyncGenerator<Run, void, undefined> {
  for (let pageToken = query.pageToken; ; ) {
    const page = await store.searchRuns({ ...query, ...(pageToken !== undefined && { pageToken }) });
    yield* page.runs;
    pageToken = page.nextPageToken;
    if (pageToken === undefined) return;
  }
}
