/** What a delivery is asked for, what it tells, and what its parts share. */
import type { AppError } from "../../base/errors.ts";
import type { Progress } from "../../base/progress.ts";
import type { Run } from "../run.ts";
import type { RunStore } from "../run-store.ts";
import type { FileDeliveryOptions } from "./deliver-files.ts";
import type { KnownIds } from "./known-ids.ts";

/** MLflow takes so many points in one call. */
export const batchPoints = 1000;

/** What a delivery reads. */
export type DeliverySource = Pick<
  RunStore,
  "getRun" | "listExperiments" | "metricHistory" | "listArtifacts" | "readArtifact" | "getModel"
>;

export interface DeliveryOptions {
  /** Shared by the deliveries between the same two stores, so that runs refer to each other's copies. */
  readonly ids?: KnownIds;
  /** Whether histories of metrics are compared; default true. */
  readonly metrics?: boolean;
  /** Files and logged models: all, none, or those that were written anew. Default all. */
  readonly files?: "all" | "none" | ChangedFiles;
  /** Compare contents of large files of the same size (1 MiB and more), too. */
  readonly comparesAll?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** Paths of files by their owner: a run's id, a logged model's. */
export type ChangedFiles = ReadonlyMap<string, ReadonlySet<string>>;

/** What a delivery wrote. */
export interface Delivery {
  readonly runId: string;
  readonly targetId: string;
  readonly name: string;
  readonly isNew: boolean;
  readonly points: number;
  readonly params: number;
  readonly tags: number;
  readonly inputs: number;
  readonly files: number;
  readonly bytes: number;
  readonly models: number;
  /** What the target refuses, now and when it is repeated. */
  readonly problems: readonly DeliveryProblem[];
}

export interface DeliveryProblem {
  /** "parameter batch_size", "artifact plots/loss.svg". */
  readonly what: string;
  readonly error: AppError;
}

/** Between the two stores. */
export interface DeliveryWork {
  readonly from: DeliverySource;
  readonly to: RunStore;
  readonly source: Run;
  readonly target: Run;
  readonly isNew: boolean;
  readonly ids: KnownIds;
  readonly options: DeliveryOptions;
  /** Of metrics that the target has since `target` was read. */
  readonly loggedKeys: Set<string>;
  readonly count: {
    points: number;
    params: number;
    tags: number;
    inputs: number;
    files: number;
    bytes: number;
    models: number;
  };
  /** Does a part; what is refused for good is noted, and the other parts follow. */
  readonly attempt: (what: string, part: () => Promise<void>) => Promise<void>;
}

/** For the files of a run or of a logged model. */
export function fileOptions(
  { ids, options: { files = "all", comparesAll, signal, progress } }: DeliveryWork,
  ownerId: string,
  isNew: boolean,
): FileDeliveryOptions {
  return {
    isNew,
    rewrite: (text) => ids.inText(text),
    ...(typeof files !== "string" && !isNew && { changed: files.get(ownerId) ?? new Set() }),
    ...(comparesAll !== undefined && { comparesAll }),
    ...(signal && { signal }),
    ...(progress && { progress }),
  };
}
