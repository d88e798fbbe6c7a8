/** Reads the stages of every `dvc.yaml`, with all templates filled in. */
import { parseDvcLock } from "../formats/dvc-lock.ts";
import type { MetadataTree } from "../repo/metadata-tree.ts";
import { type PipelineFile, readPipelineFile } from "./pipeline-file.ts";
import type { LockedStage, Stage } from "./stage.ts";

export interface PipelineStage extends Stage {
  /** From the `dvc.lock` beside its `dvc.yaml`; absent where it never ran. */
  readonly locked?: LockedStage;
}

/** The dvc.lock beside a dvc.yaml. */
export function lockFileOf(file: string): string {
  return file.replace(/dvc\.yaml$/, "dvc.lock");
}

/** One dvc.yaml with its dvc.lock. */
export interface Pipeline extends Omit<PipelineFile, "stages"> {
  readonly file: string;
  readonly stages: readonly PipelineStage[];
}

/** Errors: PIPELINE_INVALID, DATA_FEATURE_UNSUPPORTED, DATA_FILE_INVALID. */
export async function readPipelines(tree: MetadataTree): Promise<readonly Pipeline[]> {
  const pipelines: Pipeline[] = [];
  for (const file of await tree.list()) {
    if (!file.endsWith("dvc.yaml") || !/(^|\/)dvc\.yaml$/.test(file)) continue;
    const { stages, ...rest } = await readPipelineFile(tree, file);
    const lockFile = lockFileOf(file);
    const bytes = await tree.read(lockFile);
    const locked = bytes === undefined ? new Map<string, LockedStage>() : parseDvcLock(bytes, lockFile);
    const withLock = (stage: Stage): PipelineStage => {
      const entry = locked.get(stage.name);
      return entry === undefined ? stage : { ...stage, locked: entry };
    };
    pipelines.push({ ...rest, file, stages: stages.map(withLock) });
  }
  return pipelines;
}

/** In the order in which they are written. Errors: as `readPipelines`. */
export async function readStages(tree: MetadataTree): Promise<readonly PipelineStage[]> {
  return (await readPipelines(tree)).flatMap(({ stages }) => stages);
}
