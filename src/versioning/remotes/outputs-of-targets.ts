/** Outputs that targets name, in the work tree or in another version. */
import { isAppError } from "../../base/errors.ts";
import { readOutputs, type TrackedOutput } from "../outputs.ts";
import type { MetadataTree } from "../repo/metadata-tree.ts";
import type { Repository } from "../repo/repository.ts";
import { resolveTargets } from "../workspace/targets.ts";

/** All outputs where there are no targets. Errors: DATA_NOT_TRACKED for the work tree alone. */
export async function outputsOfTargets(
  repository: Repository,
  tree: MetadataTree,
  targets: readonly string[],
  { folder = "." }: { readonly folder?: string },
): Promise<readonly TrackedOutput[]> {
  const outputs = await readOutputs(tree);
  if (targets.length === 0) return outputs;
  const named = targets.flatMap((target) => {
    try {
      return resolveTargets(repository, outputs, [target], { folder });
    } catch (error) {
      // Older versions need not have all that the work tree has.
      if (tree.commit !== undefined && isAppError(error, "DATA_NOT_TRACKED")) return [];
      throw error;
    }
  });
  return [...new Set(named.map(({ output }) => output))];
}
