/** A `.dvc` file in `repro`: data that stages need is there, and recorded as it is. */
import { join } from "node:path";
import { AppError } from "../base/errors.ts";
import { visibleText } from "../base/visible-text.ts";
import { checkoutPath } from "../versioning/cache/checkout-path.ts";
import { hashPath, storePath } from "../versioning/cache/hash-path.ts";
import { isSameHash } from "../versioning/data-hash.ts";
import type { TrackedOutput } from "../versioning/outputs.ts";
import { outputOf, stage, writeOutput } from "../versioning/workspace/write-output.ts";
import type { DataNode } from "./graph.ts";
import type { ReproContext } from "./repro-stage.ts";

export type DataEnd = "unchanged" | "recorded" | "fetched";

/**
 * As DVC does: data that was changed in the work tree is recorded in its `.dvc` file. With `dry`,
 * says so and changes nothing.
 * Errors: FILE_NOT_FOUND for data that is not there; DATA_FEATURE_UNSUPPORTED for an import that is
 * not frozen; those of `storePath` and `checkoutPath`.
 */
export async function reproduceData(
  context: ReproContext,
  node: DataNode,
  { dry }: { readonly dry: boolean },
): Promise<DataEnd> {
  refuseOpenImport(node);
  return dry ? bringUpToDate(context, node, true) : context.lock.locked(() => bringUpToDate(context, node, false));
}

async function bringUpToDate(context: ReproContext, { file, content, outputs }: DataNode, dry: boolean) {
  const { repository, progress, signal, fetch } = context;
  const options = { ...(progress && { progress }), ...(signal && { signal }) };
  let end: DataEnd = "unchanged";
  for (const output of outputs) {
    const { path, hash, isExecutable, writtenPath, isCached } = output;
    const absolute = join(repository.root, path);
    const current = await hashPath(repository, absolute, { ...options, ...(hash && { algorithm: hash.algorithm }) });
    if (current !== undefined && isSameHash(current.hash, hash)) continue;
    if (current === undefined && (hash === undefined || fetch === undefined)) throw missingData(output);
    end = current === undefined ? "fetched" : "recorded";
    if (dry) continue;
    if (current === undefined) {
      await fetch?.([output]);
      await checkoutPath(repository, absolute, hash, { ...options, ...(isExecutable && { isExecutable }) });
    } else {
      const stored = await (isCached ? storePath : hashPath)(repository, absolute, options);
      if (stored === undefined) throw missingData(output);
      const row = content.outs.find((one) => one.path === writtenPath)!; // the output came from there
      if (!(await writeOutput(repository, file, content, [outputOf(stored, row)]))) continue;
      await stage(repository, [file]);
      context.changedFiles.add(file);
    }
  }
  return end;
}

function missingData({ path }: TrackedOutput): AppError {
  return new AppError("FILE_NOT_FOUND", {
    required: "data that stages need",
    received: "nothing of this name",
    where: visibleText(path),
    hint: "bring it into the work tree: pawprint data checkout, or pawprint data pull",
  });
}

/** DVC imports such data again where its source changed. */
function refuseOpenImport({ file, content }: DataNode): void {
  if (content.deps.length === 0 || content.isFrozen) return;
  throw new AppError("DATA_FEATURE_UNSUPPORTED", {
    required: "imports that are frozen",
    received: "one that follows its source",
    where: visibleText(file),
    hint: "write frozen: true into the file, and import it again where its source changes",
  });
}
