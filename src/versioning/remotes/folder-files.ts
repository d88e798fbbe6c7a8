/** Hashes of folders, and those of the files in them. */
import { readTree } from "../cache/object-cache.ts";
import { type DataHash, objectKeyOf } from "../data-hash.ts";
import type { Repository } from "../repo/repository.ts";

/** The files of a folder whose list is in the cache. Errors: as `readTree`. */
export async function filesOfFolder(repository: Repository, folder: DataHash): Promise<readonly DataHash[]> {
  const { algorithm } = folder;
  return (await readTree(repository, folder)).map(({ md5 }) => ({ md5, algorithm }));
}

export function distinctHashes(hashes: Iterable<DataHash>): DataHash[] {
  const byKey = new Map<string, DataHash>();
  for (const hash of hashes) byKey.set(objectKeyOf(hash), hash);
  return [...byKey.values()];
}
