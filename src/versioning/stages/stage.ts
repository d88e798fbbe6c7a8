/** Stages of a pipeline as `dvc.yaml` describes them, with all templates filled in. */
import type { DataEntry } from "../data-hash.ts";
import type { DvcOutput } from "../formats/dvc-file.ts";
import type { ParamMap, ParamValue } from "../formats/param-value.ts";

export interface StageOutput extends DvcOutput {
  readonly kind: "out" | "metric" | "plot";
  /** `x`, `y`, `title`, `template` and so on of a plot. */
  readonly plot?: PlotSettings;
}

export type PlotSettings = ParamMap;

/** Keys of one file that a stage depends on; all of the file where `keys` is empty. */
export interface StageParams {
  /** As it is written, from the stage's `workFolder`. */
  readonly file: string;
  /** Dotted: `train.lr`. */
  readonly keys: readonly string[];
}

export interface Stage {
  /** `train`; of a foreach or matrix `train@a`. */
  readonly name: string;
  /** The dvc.yaml, from the repository's root. */
  readonly file: string;
  /** Where its commands run and its paths start, from the repository's root; empty for the root. */
  readonly workFolder: string;
  readonly cmd: string | readonly string[];
  /** Paths as they are written, from `workFolder`. */
  readonly deps: readonly string[];
  readonly params: readonly StageParams[];
  /** Paths as they are written, from `workFolder`; without hashes, which dvc.lock has. */
  readonly outs: readonly StageOutput[];
  readonly isFrozen: boolean;
  /** `always_changed: true`. */
  readonly alwaysChanged: boolean;
  readonly description?: string;
}

/** What `dvc.lock` says of the last time a stage ran. */
export interface LockedStage {
  readonly cmd: string | readonly string[];
  readonly deps: readonly DataEntry[];
  /** By file, then by dotted key. */
  readonly params: ReadonlyMap<string, ReadonlyMap<string, ParamValue>>;
  readonly outs: readonly DataEntry[];
}

/** Names a stage in the whole repository: `dvc.yaml:train`. */
export function stageId({ file, name }: Pick<Stage, "file" | "name">): string {
  return `${file}:${name}`;
}
