/** Which stages of a repository's pipelines are not up to date, and why. */
import { resolve } from "node:path";
import { openWorkTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { readStages } from "../versioning/stages/read-stages.ts";
import { stageId } from "../versioning/stages/stage.ts";
import type { DataOptions } from "../versioning/workspace/data-options.ts";
import { readGraph } from "./graph.ts";
import { addressFrom, reproTargets } from "./repro-targets.ts";
import { isChanged, type StageStatus, stageStatus } from "./stage-status.ts";

export interface NamedStageStatus extends StageStatus {
  /** As it is named from the folder: `train`, `../dvc.yaml:train`. */
  readonly stage: string;
  /** Whatever the folder: `dvc.yaml:train`. */
  readonly id: string;
  readonly isFrozen: boolean;
  /** Whether `repro` would do something. */
  readonly isChanged: boolean;
}

/** All stages, or those that targets name as `repro` takes them. Errors: STAGE_UNKNOWN, and those of `stageStatus`. */
export async function pipelineStatus(
  repository: Repository,
  targets: readonly string[] = [],
  { folder = repository.root, ...options }: DataOptions = {},
  tree = openWorkTree(repository),
): Promise<readonly NamedStageStatus[]> {
  const stages = targets.length === 0 ? await readStages(tree) : await stagesOf();
  const statuses: NamedStageStatus[] = [];
  for (const stage of stages) {
    const status = await stageStatus(repository, stage, { tree, ...options });
    const address = addressFrom(repository, resolve(folder), stage);
    const id = stageId(stage);
    statuses.push({ stage: address, id, isFrozen: stage.isFrozen, ...status, isChanged: isChanged(status, stage) });
  }
  return statuses;

  async function stagesOf() {
    const nodes = reproTargets(repository, await readGraph(tree), targets, resolve(folder));
    return nodes.flatMap((node) => (node.kind === "stage" ? [node.stage] : []));
  }
}
