/** The port to registered models; adapters: a folder in MLflow's layout, an MLflow server. */
import { modelTags } from "../bundle/mlflow-model/model-tags.ts";
import type { ArtifactEntry } from "../tracking/run.ts";

export interface RegisteredModel {
  readonly name: string;
  readonly description: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly tags: ReadonlyMap<string, string>;
  /** Version by alias. */
  readonly aliases: ReadonlyMap<string, string>;
}

export interface ModelVersion {
  readonly name: string;
  /** Decimal digits; "1" is the first. */
  readonly version: string;
  readonly description: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** Where its files are: `models:/m-...`, `runs:/ID/model`, a path or an address. */
  readonly source: string;
  readonly runId?: string;
  readonly modelId?: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly aliases: readonly string[];
}

export interface NewModelVersion {
  readonly source: string;
  readonly runId?: string;
  readonly modelId?: string;
  readonly description?: string;
  readonly tags?: ReadonlyMap<string, string>;
}

/** Tags of a version that Pawprint writes; what is read must have the hash or the digest. */
export const versionTags = {
  ...modelTags,
  /** Of the bundle's own evaluation, 0 to 1. */
  accuracy: "pawprint.accuracy",
  /** Of the pictures that it was trained from. */
  datasetHash: "pawprint.dataset_hash",
} as const;

/**
 * Errors of every call: MODEL_NOT_REGISTERED, MODEL_VERSION_NOT_FOUND; ALIAS_INVALID for aliases
 * outside MLflow's rules (`latest`, `v3`); TRACKING_VALUE_INVALID; those of files and servers as in
 * `RunStore`.
 */
export interface ModelRegistry {
  /** As it was given, without user and password. */
  readonly location: string;

  /** By name. */
  listModels(): Promise<readonly RegisteredModel[]>;
  /** Undefined where there is none of this name. */
  findModel(name: string): Promise<RegisteredModel | undefined>;
  /** Made where there is none; `created` in one process alone where several call it at once. */
  ensureModel(name: string): Promise<{ readonly model: RegisteredModel; readonly created: boolean }>;
  describeModel(name: string, description: string): Promise<void>;
  setModelTag(name: string, key: string, value: string): Promise<void>;
  deleteModelTag(name: string, key: string): Promise<void>;

  /** The newest first. */
  listVersions(name: string): Promise<readonly ModelVersion[]>;
  getVersion(name: string, version: string): Promise<ModelVersion>;
  /** The next number. */
  createVersion(name: string, version: NewModelVersion): Promise<ModelVersion>;
  describeVersion(name: string, version: string, description: string): Promise<void>;
  setVersionTag(name: string, version: string, key: string, value: string): Promise<void>;
  deleteVersionTag(name: string, version: string, key: string): Promise<void>;

  /** Undefined where the model has no such alias. */
  resolveAlias(name: string, alias: string): Promise<string | undefined>;
  setAlias(name: string, alias: string, version: string): Promise<void>;
  deleteAlias(name: string, alias: string): Promise<void>;

  /** The files of a version's model folder, at any depth. */
  listFiles(version: ModelVersion): Promise<readonly ArtifactEntry[]>;
  /** One of them in chunks. Errors: FILE_NOT_FOUND. */
  readFile(version: ModelVersion, path: string): AsyncIterable<Uint8Array>;

  close(): Promise<void>;
}
