/** Which objects a remote has: by listing it, or by asking for one after the other. */
import { forEachInParallel } from "../../image/in-parallel.ts";
import { type DataHash, objectKeyOf } from "../data-hash.ts";
import type { Remote } from "./open-remote.ts";

/** One answer to a listing holds so many objects. */
const pageObjects = 1000;

/** A listing of everything in one piece is as fast as 256 small ones up to so many pages. */
const pagesInOnePiece = 16;

/**
 * Sizes of those objects that the remote has, by key. Hashes are spread evenly, so that the objects
 * below one of 256 prefixes tell how many there are; the way with fewer requests is taken.
 * Errors: STORE_FAILED, FILE_READ_FAILED, INTERRUPTED.
 */
export async function presentObjects(
  { store, jobs }: Remote,
  hashes: readonly DataHash[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const present = new Map<string, number>();
  const options = signal === undefined ? {} : { signal };
  const askOne = async (key: string): Promise<void> => {
    const found = await store.head(key, options);
    if (found !== undefined) present.set(key, found.sizeBytes);
  };
  const ask = (keys: readonly string[]): Promise<void> =>
    forEachInParallel(keys, askOne, { concurrency: jobs, signal });
  const list = async (prefix: string, atMost = Number.POSITIVE_INFINITY): Promise<number> => {
    let count = 0;
    for await (const { key, sizeBytes } of store.list(prefix, options)) {
      present.set(key, sizeBytes);
      if (++count >= atMost) break;
    }
    return count;
  };
  for (const [root, keys] of byRoot(hashes)) {
    const prefixes = new Set(keys.map((key) => key.slice(0, root.length + 2)));
    if (keys.length <= 2 * jobs) {
      await ask(keys);
      continue;
    }
    const limit = Math.ceil((keys.length / 256) * pageObjects);
    const pages = Math.ceil(((await list(`${root}00`, limit)) * 256) / pageObjects);
    if (pages <= pagesInOnePiece && pages <= keys.length && root !== "") await list(root);
    else if (Math.max(prefixes.size, (pages * prefixes.size) / 256) <= keys.length) {
      await forEachInParallel(prefixes, async (prefix) => void (await list(prefix)), { concurrency: jobs, signal });
    } else await ask(keys);
  }
  return present;
}

/** Keys by what stands before the hash: `files/md5/`, of DVC 2 nothing. */
function byRoot(hashes: readonly DataHash[]): ReadonlyMap<string, readonly string[]> {
  const roots = new Map<string, string[]>();
  for (const hash of hashes) {
    const key = objectKeyOf(hash);
    const root = hash.algorithm === "md5" ? "files/md5/" : "";
    const keys = roots.get(root);
    if (keys === undefined) roots.set(root, [key]);
    else keys.push(key);
  }
  return roots;
}
