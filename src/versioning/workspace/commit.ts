/** Records data that changed in its `.dvc` file, as it is now. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { storePath } from "../cache/hash-path.ts";
import { isSameHash } from "../data-hash.ts";
import { readOutputs } from "../outputs.ts";
import { openWorkTree } from "../repo/metadata-tree.ts";
import type { Repository } from "../repo/repository.ts";
import { withRepositoryLock } from "../repo/repository-lock.ts";
import type { TrackedDataOptions } from "./data-options.ts";
import { resolveTargets } from "./targets.ts";
import { outputOf, stage, writeOutput } from "./write-output.ts";

export interface CommittedData {
  readonly path: string;
  readonly file: string;
  readonly md5: string;
  readonly isChanged: boolean;
}

/**
 * Of the outputs of `.dvc` files; those of stages are `commitStages`' in `pipeline/`. Errors: DATA_NOT_TRACKED, LOCKED;
 * FILE_NOT_FOUND for data that is not there.
 */
export async function commitData(
  repository: Repository,
  targets: readonly string[] = [],
  { folder = ".", glob = false, ...options }: TrackedDataOptions = {},
): Promise<readonly CommittedData[]> {
  return withRepositoryLock(
    repository,
    "pawprint data commit",
    async () => {
      const outputs = await readOutputs(openWorkTree(repository));
      const done: CommittedData[] = [];
      for (const { output } of resolveTargets(repository, outputs, targets, { folder, glob })) {
        const { origin, path, hash } = output;
        if (origin.kind !== "dvc-file") continue;
        const absolute = join(repository.root, path);
        // A version that is lost stays what it was.
        if (targets.length === 0 && !existsSync(absolute)) continue;
        const stored = await storePath(repository, absolute, options);
        const row = origin.content.outs.find((one) => one.path === output.writtenPath)!; // it came from there
        const isSame = isSameHash(stored.hash, hash);
        const isChanged =
          !isSame && (await writeOutput(repository, origin.file, origin.content, [outputOf(stored, row)]));
        done.push({ path, file: origin.file, md5: stored.hash.md5, isChanged });
      }
      await stage(
        repository,
        done.filter(({ isChanged }) => isChanged).map(({ file }) => file),
      );
      return done;
    },
    options,
  );
}
