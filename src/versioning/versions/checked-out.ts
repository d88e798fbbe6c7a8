/** Which version of data a folder or file of the work tree is. */
import { join, resolve } from "node:path";
import { AppError } from "../../base/errors.ts";
import { knownHash } from "../cache/hash-path.ts";
import { outputAround, readOutputs } from "../outputs.ts";
import { openWorkTree } from "../repo/metadata-tree.ts";
import { findRepository } from "../repo/open-repository.ts";
import { fromRoot } from "../workspace/targets.ts";
import type { DataVersion } from "./open-version.ts";

/** `isClean` is false for data that was changed since, or of which that is not known. */
export interface CheckedOutVersion extends DataVersion {
  readonly isClean: boolean;
}

/**
 * Undefined for what is in no repository or not tracked, and where the repository cannot be read: to
 * train must not fail for it. Content is not read: whether it is clean is told from the state file.
 */
export async function checkedOutVersion(location: string): Promise<CheckedOutVersion | undefined> {
  try {
    const repository = await findRepository(resolve(location));
    if (repository === undefined) return undefined;
    const path = fromRoot(repository, resolve(location));
    const output = outputAround(await readOutputs(openWorkTree(repository)), path);
    if (output?.hash === undefined) return undefined;
    const known = knownHash(repository, join(repository.root, output.path));
    return {
      md5: output.hash.md5,
      path: output.path,
      ...(path !== output.path && { inside: path.slice(output.path.length + 1) }),
      file: output.origin.file,
      isClean: known?.md5 === output.hash.md5,
    };
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
