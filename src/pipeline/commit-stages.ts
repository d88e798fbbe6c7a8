/** Records stages in dvc.lock as their dependencies, parameters and outputs are now, without running them. */
import { lstatSync } from "node:fs";
import { silentLogger } from "../base/logger.ts";
import { originText, readTracked } from "../versioning/outputs.ts";
import { openWorkTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { withRepositoryLock } from "../versioning/repo/repository-lock.ts";
import { stageId } from "../versioning/stages/stage.ts";
import type { TrackedDataOptions } from "../versioning/workspace/data-options.ts";
import { resolveTargets } from "../versioning/workspace/targets.ts";
import { recordStage } from "./repro-stage.ts";
import { isChanged, stagePath, stageStatus } from "./stage-status.ts";

export interface CommittedStage {
  /** Whatever the folder: `dvc.yaml:train`. */
  readonly id: string;
  readonly isChanged: boolean;
}

/**
 * As `dvc commit`: stages that targets name, by themselves or by an output. Without targets, all of
 * which every dependency and output is there. Errors: DATA_NOT_TRACKED, LOCKED, STAGE_FAILED for
 * what is missing; those of `stageStatus` and `storePath`.
 */
export async function commitStages(
  repository: Repository,
  targets: readonly string[] = [],
  { folder = ".", glob = false, ...options }: TrackedDataOptions = {},
): Promise<readonly CommittedStage[]> {
  const tree = openWorkTree(repository);
  const context = { repository, tree, logger: silentLogger, changedFiles: new Set<string>(), ...options };
  const work = async (): Promise<readonly CommittedStage[]> => {
    const { outputs, stages } = await readTracked(tree);
    const named = resolveTargets(repository, outputs, targets, { folder, glob });
    const ids = new Set(named.map(({ output }) => originText(output)));
    const committed: CommittedStage[] = [];
    for (const stage of stages) {
      const id = stageId(stage);
      const paths = [...stage.deps, ...stage.outs.map(({ path }) => path)];
      const isThere = (path: string): boolean =>
        lstatSync(stagePath(repository, stage, path), { throwIfNoEntry: false }) !== undefined;
      if (targets.length > 0 ? !ids.has(id) : !paths.every(isThere)) continue;
      const changed = isChanged(await stageStatus(repository, stage, context), stage);
      if (changed) await recordStage(context, stage, { isStored: true });
      committed.push({ id, isChanged: changed });
    }
    return committed;
  };
  return withRepositoryLock(repository, "pawprint data commit", work, options);
}
