/** The stage of a pipeline that a command runs in: `repro` names it in the environment of its commands. */
import { dirname, join } from "node:path";
import { sha256File } from "../base/hash.ts";
import type { Lineage } from "../bundle/bundle.ts";
import { findRepository } from "../versioning/repo/open-repository.ts";
import { lockFileOf } from "../versioning/stages/read-stages.ts";

/**
 * With the SHA-256 of the dvc.lock that the stage began with: it names what all stages before it ran
 * with and made. Undefined outside of a pipeline.
 */
export async function pipelineStage(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<Lineage["pipeline"]> {
  const stage = env.PAWPRINT_PIPELINE_STAGE;
  if (stage === undefined || stage === "") return undefined;
  const file = stage.slice(0, Math.max(0, stage.lastIndexOf(":")));
  const repository = await findRepository(folder).catch(() => undefined);
  const lock = join(repository?.root ?? folder, dirname(file), lockFileOf("dvc.yaml"));
  const hash = await sha256File(lock).catch(() => undefined); // before the first stage there is none
  return { stage, ...(hash !== undefined && { lock: hash }) };
}
