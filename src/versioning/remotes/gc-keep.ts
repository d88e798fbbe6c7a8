/** What garbage collection keeps: content that a version, a work tree, the index or a stash names. */

import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { readBytesOf } from "../../storage/object-store.ts";
import { readTreeIfWhole } from "../cache/object-cache.ts";
import { type DataHash, isFolderHash, objectKeyOf, type TreeFile } from "../data-hash.ts";
import { decodeTree } from "../formats/dir-object.ts";
import { readOutputs } from "../outputs.ts";
import type { MetadataTree } from "../repo/metadata-tree.ts";
import type { Repository } from "../repo/repository.ts";
import type { Remote } from "./open-remote.ts";

/** Content that versions name, by its key. */
export interface Kept {
  readonly hashes: ReadonlyMap<string, DataHash>;
  /** Folders whose list of files is nowhere, so that their files are not known. */
  readonly unknown: readonly DataHash[];
}

/**
 * Hashes of all outputs of the trees, those of the files in folders too. A list of files that the
 * cache lacks is read from one of the remotes.
 * Errors: those of `readOutputs`: nothing may be removed where a version cannot be read.
 */
export async function keptContent(
  repository: Repository,
  trees: AsyncIterable<MetadataTree>,
  remotes: readonly Remote[],
  signal?: AbortSignal,
): Promise<Kept> {
  const hashes = new Map<string, DataHash>();
  const unknown: DataHash[] = [];
  for await (const tree of trees) {
    throwIfCancelled(signal);
    for (const { hash } of await outputsOf(tree)) {
      if (hash === undefined || hashes.has(objectKeyOf(hash))) continue;
      hashes.set(objectKeyOf(hash), hash);
      if (!isFolderHash(hash)) continue;
      const files = await filesOf(repository, hash, remotes, signal);
      if (files === undefined) unknown.push(hash);
      for (const { md5 } of files ?? []) {
        const file = { md5, algorithm: hash.algorithm };
        hashes.set(objectKeyOf(file), file);
      }
    }
  }
  return { hashes, unknown };
}

/** Says which version it is that cannot be read. */
async function outputsOf(tree: MetadataTree) {
  try {
    return await readOutputs(tree);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, required, received, where, hint } = error;
    throw new AppError(code, {
      required,
      ...(received !== undefined && { received }),
      where: where === undefined ? tree.label : `${where} of ${tree.label}`,
      hint: `nothing was removed, since this version cannot be read${hint === undefined ? "" : `; ${hint}`}`,
      cause: error,
    });
  }
}

async function filesOf(
  repository: Repository,
  folder: DataHash,
  remotes: readonly Remote[],
  signal: AbortSignal | undefined,
): Promise<readonly TreeFile[] | undefined> {
  const own = await readTreeIfWhole(repository, folder);
  if (own !== undefined) return own;
  const key = objectKeyOf(folder);
  for (const { store } of remotes) {
    try {
      return decodeTree(await readBytesOf(store, key, signal && { signal }), store.addressOf(key));
    } catch (error) {
      if (!isAppError(error, "FILE_NOT_FOUND")) throw error;
    }
  }
  return undefined;
}
