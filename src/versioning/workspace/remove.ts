/** Stops tracking data: its `.dvc` file goes, the data stays unless that is asked for. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readBytesIfThere } from "../../base/files/read-file.ts";
import { checkoutPath } from "../cache/checkout-path.ts";
import { withoutStage } from "../formats/dvc-lock.ts";
import { originText, readOutputs } from "../outputs.ts";
import { unignoreInGit } from "../repo/git-ignore.ts";
import { openWorkTree } from "../repo/metadata-tree.ts";
import type { Repository } from "../repo/repository.ts";
import { withRepositoryLock } from "../repo/repository-lock.ts";
import { lockFileOf } from "../stages/read-stages.ts";
import type { DataOptions } from "./data-options.ts";
import { fromRoot, resolveTargets } from "./targets.ts";
import { stage } from "./write-output.ts";

export interface RemoveDataOptions extends DataOptions {
  /** Delete the data from the work tree too; the cache keeps it. */
  readonly outs?: boolean;
  /** With `outs`: delete also what no version has. */
  readonly force?: boolean;
}

export interface RemovedData {
  /** `.dvc` files, or stages as `dvc.yaml:train`. */
  readonly removed: readonly string[];
  /** Paths that are tracked no longer. */
  readonly paths: readonly string[];
}

/** Errors: DATA_NOT_TRACKED, DATA_UNSAVED, LOCKED; CLI_USAGE is the caller's where no target is given. */
export async function removeData(
  repository: Repository,
  targets: readonly string[],
  { folder = ".", outs = false, force = false, ...options }: RemoveDataOptions = {},
): Promise<RemovedData> {
  return withRepositoryLock(
    repository,
    "pawprint data remove",
    async () => {
      const outputs = await readOutputs(openWorkTree(repository));
      const chosen = resolveTargets(repository, outputs, targets, { folder, isExact: true });
      const inside = chosen.find((target) => target.inside !== undefined);
      if (inside) {
        throw new AppError("DATA_NOT_TRACKED", {
          required: "data that a .dvc file or a stage names",
          received: `a part of ${inside.output.path}`,
          hint: "delete the file, then record the folder with `pawprint data commit`",
        });
      }
      // All outputs of a file or stage go together.
      const keys = new Set(chosen.map(({ output }) => originText(output)));
      const gone = outputs.filter((output) => keys.has(originText(output)));
      for (const { origin } of gone) {
        if (origin.kind === "stage") requireWritten(origin.stage.name, origin.file);
      }
      if (outs)
        for (const { path } of gone)
          await checkoutPath(repository, join(repository.root, path), undefined, { ...options, force });
      const changed = new Set<string>();
      for (const output of gone) {
        const { origin } = output;
        const name = originText(output);
        if (!keys.delete(name)) continue;
        if (origin.kind === "dvc-file") await rm(join(repository.root, origin.file), { force: true });
        else
          for (const file of [origin.file, lockFileOf(origin.file)])
            await dropStage(repository, file, origin.stage.name);
        changed.add(name);
      }
      const paths = gone.map(({ path }) => path);
      const ignores = await unignoreInGit(
        repository,
        paths.map((path) => join(repository.root, path)),
      );
      await stage(
        repository,
        ignores.map((file) => fromRoot(repository, file)),
      );
      return { removed: [...changed], paths };
    },
    options,
  );
}

async function dropStage({ root }: Repository, file: string, name: string): Promise<void> {
  const path = join(root, file);
  const bytes = await readBytesIfThere(path, path, 64 << 20);
  if (bytes === undefined) return;
  const left = withoutStage(bytes.toString("utf8"), name);
  if (left === undefined) await rm(path, { force: true });
  else await writeFileAtomic(path, left, { force: true });
}

/** Errors: DATA_FEATURE_UNSUPPORTED for a stage that a template makes, which has no entry of its own. */
function requireWritten(name: string, file: string): void {
  if (!name.includes("@")) return;
  throw new AppError("DATA_FEATURE_UNSUPPORTED", {
    required: "a stage that dvc.yaml names itself",
    received: `'${name}', which foreach or matrix makes`,
    where: file,
    hint: "take it out of dvc.yaml by hand",
  });
}
