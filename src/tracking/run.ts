/** What a run store holds: experiments, runs with their metrics, and logged models, as MLflow has them. */

export const runStatuses = ["SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED"] as const;

/** FAILED ended by an error, KILLED was interrupted; the first two have not ended. */
export type RunStatus = (typeof runStatuses)[number];

/** What was deleted can be restored until someone empties the store's trash. */
export type Lifecycle = "active" | "deleted";

export interface Experiment {
  /** Decimal digits; "0" is the experiment `Default`. */
  readonly id: string;
  readonly name: string;
  readonly lifecycle: Lifecycle;
  /** A path or an address, of MLflow's choice; for messages and for other programs. */
  readonly artifactLocation: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** One value of a metric. */
export interface MetricPoint {
  readonly key: string;
  /** Any float64, NaN and infinities too. */
  readonly value: number;
  /** Milliseconds since 1970, an integer. */
  readonly timestampMs: number;
  /** An integer; metrics of a step and of an epoch have keys of their own. */
  readonly step: number;
}

/** The dataset that a run used, as MLflow shows it. */
export interface DatasetInput {
  readonly name: string;
  /** At most 36 characters. */
  readonly digest: string;
  /** `local`, `s3`, `http`, `code`. */
  readonly sourceType: string;
  /** JSON: where it comes from. */
  readonly source: string;
  /** JSON, in MLflow's form. */
  readonly schema?: string;
  /** JSON: its size and its counts. */
  readonly profile?: string;
  /** `mlflow.data.context`: training, validation or testing. */
  readonly tags: ReadonlyMap<string, string>;
}

/** One run. Keys and values come from anywhere: show them through the frame, never as code. */
export interface Run {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  /** A run whose process is gone is KILLED, whatever the store says of it. */
  readonly status: RunStatus;
  readonly lifecycle: Lifecycle;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly endedMs?: number;
  readonly user: string;
  /** Where its artifacts are, for people and other programs. */
  readonly artifactUri: string;
  readonly params: ReadonlyMap<string, string>;
  /** The point with the highest step (then time, then value) of each key. */
  readonly metrics: ReadonlyMap<string, MetricPoint>;
  readonly tags: ReadonlyMap<string, string>;
  readonly inputs: readonly DatasetInput[];
  /** Ids of the logged models that it made, the oldest first. */
  readonly modelIds: readonly string[];
}

export const loggedModelStatuses = ["PENDING", "READY", "FAILED"] as const;

/** A model as MLflow 3 keeps it: beside the runs of its experiment, made by one of them. */
export interface LoggedModel {
  /** `m-` and 32 hexadecimal digits. */
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: (typeof loggedModelStatuses)[number];
  readonly runId?: string;
  readonly createdMs: number;
  readonly artifactUri: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly params: ReadonlyMap<string, string>;
  /** What was logged as a metric of it; some stores keep the last point of each key. */
  readonly metrics: readonly MetricPoint[];
}

/** Whose artifacts: those of a run, or the files of a logged model. */
export type ArtifactOwner = { readonly runId: string } | { readonly modelId: string };

export interface ArtifactEntry {
  /** From the owner's root, with `/`. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Of a file. */
  readonly sizeBytes?: number;
}
