/** The cache: content under its hash, `.dvc/cache/files/md5/de/7371b0...`. */
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import { readBytes } from "../../base/files/read-file.ts";
import { type DataHash, isFolderHash, objectKeyOf, type TreeFile } from "../data-hash.ts";
import { decodeTree } from "../formats/dir-object.ts";
import type { Repository } from "../repo/repository.ts";
import { type WorkPlace, workPlaceOf } from "./work-place.ts";

/** Path of an object, whether it is there or not. */
export function objectPath({ cacheFolder }: Repository, hash: DataHash): string {
  return join(cacheFolder, objectKeyOf(hash));
}

/** From so many on, listing a folder of the cache takes less time than a look at each object. */
const listedFrom = 8;

/**
 * Which of the objects are not in the cache; content is not looked at. Of many objects the cache's
 * 256 folders are listed: 25 ms for 20,000 objects, where as many calls of `stat` take 200 ms.
 */
export function missingObjects(repository: Repository, hashes: Iterable<DataHash>): readonly DataHash[] {
  const all = [...hashes];
  const byFolder = new Map<string, DataHash[]>();
  for (const hash of all) {
    const key = `${hash.algorithm} ${hash.md5.slice(0, 2)}`;
    const some = byFolder.get(key);
    if (some === undefined) byFolder.set(key, [hash]);
    else some.push(hash);
  }
  // In a cache that holds far more than is asked for, listings are what takes time.
  let isListed = true;
  const missing = new Set<DataHash>();
  for (const some of byFolder.values()) {
    const names: ReadonlySet<string> | undefined =
      isListed && some.length >= listedFrom ? namesIn(dirname(objectPath(repository, some[0]!))) : undefined;
    if (names !== undefined) isListed = names.size <= 10 * some.length;
    const isMissing = (hash: DataHash): boolean =>
      names === undefined
        ? statSync(objectPath(repository, hash), { throwIfNoEntry: false }) === undefined
        : !names.has(hash.md5.slice(2));
    for (const hash of some) if (isMissing(hash)) missing.add(hash);
  }
  return all.filter((hash) => missing.has(hash));
}

function namesIn(folder: string): ReadonlySet<string> | undefined {
  try {
    return new Set(readdirSync(folder));
  } catch {
    return undefined; // each is looked at, and said to be missing
  }
}

const largestTreeBytes = 1 << 30;

/**
 * The files of a folder's hash, from its `.dir` object, whose hash is checked.
 * Errors: DATA_OBJECT_MISSING, DATA_OBJECT_CORRUPT, DATA_FILE_INVALID.
 */
export async function readTree(repository: Repository, hash: DataHash): Promise<readonly TreeFile[]> {
  return decodeTree(await readObject(repository, hash, largestTreeBytes), objectPath(repository, hash));
}

/** As `readTree`; undefined where the cache has no list, or a damaged one. */
export async function readTreeIfWhole(
  repository: Repository,
  hash: DataHash,
): Promise<readonly TreeFile[] | undefined> {
  try {
    return await readTree(repository, hash);
  } catch (error) {
    if (isAppError(error, "DATA_OBJECT_MISSING") || isAppError(error, "DATA_OBJECT_CORRUPT")) return undefined;
    throw error;
  }
}

/** Whether the cache has all of a file's or folder's content; of a list that is damaged it has not. */
export async function isInCache(repository: Repository, hash: DataHash): Promise<boolean> {
  if (missingObjects(repository, [hash]).length > 0) return false;
  if (!isFolderHash(hash)) return true;
  const files = await readTreeIfWhole(repository, hash).catch((error: unknown) => {
    if (isAppError(error, "DATA_FILE_INVALID")) return undefined;
    throw error;
  });
  return files !== undefined && missingObjects(repository, filesIn(files, hash)).length === 0;
}

function filesIn(files: readonly TreeFile[], { algorithm }: DataHash): readonly DataHash[] {
  return files.map(({ md5 }) => ({ md5, algorithm }));
}

/** The content, checked. Errors: DATA_OBJECT_MISSING, DATA_OBJECT_CORRUPT, FILE_READ_FAILED. */
export async function readObject(repository: Repository, hash: DataHash, mostBytes?: number): Promise<Uint8Array> {
  const path = objectPath(repository, hash);
  try {
    const bytes = await readBytes(path, path, mostBytes);
    // DVC 2's hash of text is of other bytes than these.
    if (hash.algorithm === "md5" || isFolderHash(hash)) {
      const md5 = createHash("md5").update(bytes).digest("hex");
      if (md5 !== hash.md5.replace(".dir", "")) throw await setAside(path, hash.md5, md5);
    }
    return bytes;
  } catch (error) {
    if (!isAppError(error, "FILE_NOT_FOUND")) throw error;
    throw missingError(1, hash.md5, repository.cacheFolder);
  }
}

export function missingError(count: number, first: string, where: string): AppError {
  return new AppError("DATA_OBJECT_MISSING", {
    required: count === 1 ? "an object in the cache" : `${count} objects in the cache`,
    received: `none of them, the first ${first}`,
    where,
    hint: "fetch what is missing with `pawprint data pull`",
  });
}

/** Moves a damaged object out of the way, so that it can be fetched again. */
export async function moveAside(path: string): Promise<void> {
  await rename(path, `${path}.corrupt`).catch(() => undefined);
}

/** As `moveAside`; gives the error that says so. */
export async function setAside(path: string, wanted: string, found: string): Promise<AppError> {
  await moveAside(path);
  return new AppError("DATA_OBJECT_CORRUPT", {
    required: `content with the MD5 ${wanted}`,
    received: found,
    where: path,
    hint: "it was set aside; fetch a good one with `pawprint data pull`",
  });
}

/**
 * Puts content into the cache whole or not at all: written under a temporary name, hashed on the
 * way, renamed. Errors: DATA_OBJECT_CORRUPT where it is other content than `hash` says;
 * FILE_WRITE_FAILED; what the content throws.
 */
export async function putObject(
  repository: Repository,
  hash: DataHash,
  content: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const place = workPlaceOf(repository);
  const path = objectPath(repository, hash);
  const temporary = join(place.objectTemp, `${hash.md5}-${randomUUID()}`);
  const digest = createHash("md5");
  const counted = async function* () {
    for await (const piece of content) {
      digest.update(piece);
      yield piece;
    }
    const md5 = digest.digest("hex");
    // Checked before the file has its name: the temporary one goes.
    if (md5 !== hash.md5.replace(".dir", "") && hash.algorithm === "md5") {
      throw new AppError("DATA_OBJECT_CORRUPT", {
        required: `content with the MD5 ${hash.md5}`,
        received: md5,
        where: path,
        hint: "send it again from where it is whole, with `pawprint data push`",
      });
    }
  };
  makeFolders(place.objectTemp, path);
  await writeFileAtomic(temporary, counted(), { force: true, ...(signal && { signal }) });
  try {
    chmodSync(temporary, place.objectMode);
    renameSync(temporary, path);
  } catch (error) {
    throw writeFailure(path, error);
  }
}

function makeFolders(temporary: string, path: string): void {
  try {
    mkdirSync(temporary, { recursive: true });
    mkdirSync(join(path, ".."), { recursive: true });
  } catch (error) {
    throw systemCodeOf(error) === undefined ? error : writeFailure(path, error);
  }
}

/**
 * Objects reach the disk before a `.dvc` file names them: one call for all of them (`sync -f`, which
 * flushes the cache's file system) instead of one for each, which takes ten times as long for many
 * small files. Where there is no such program, the system flushes them by itself within a minute;
 * what is torn by a power cut before that is found by its hash.
 */
export function makeDurable({ objects }: Pick<WorkPlace, "objects">): Promise<void> {
  return new Promise((resolve) => {
    execFile("sync", ["-f", objects], { timeout: 60_000 }, () => resolve());
  });
}
