/** Objects as files below a folder. */
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, readdir, realpath, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { interruptionOf, isAbortError, throwIfCancelled } from "../base/cancel.ts";
import { AppError, isAppError } from "../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../base/files/atomic-file.ts";
import { readFailure, systemCodeOf, writeFailure } from "../base/files/file-failure.ts";
import { withLock } from "../base/locks/lock-file.ts";
import { type ObjectContent, withChunks } from "./object-content.ts";
import { requireKey, requirePrefix, reservedStart } from "./object-key.ts";
import {
  conflict,
  noObject,
  type ObjectStore,
  type ReadOptions,
  requireRange,
  type StoreCallOptions,
  type StoredObject,
  type WriteOptions,
} from "./object-store.ts";

/**
 * The objects below `folder`, which is made by the first write. Symbolic links below it are no
 * objects: they are not listed, not followed, and replaced by a write. A key cannot be the folder
 * of another one (`a` and `a/b`).
 */
export function openFolderStore(folder: string): ObjectStore {
  return new FolderStore(resolve(folder));
}

class FolderStore implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  addressOf(key: string): string {
    return join(this.#root, key);
  }

  async *list(prefix = "", { signal }: StoreCallOptions = {}): AsyncGenerator<StoredObject> {
    requirePrefix(prefix, this.#root);
    const below = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    if (!(await this.#isOwnFolder(this.addressOf(below)))) return;
    yield* this.#walk(below, prefix, signal);
  }

  async head(key: string, { signal }: StoreCallOptions = {}): Promise<StoredObject | undefined> {
    throwIfCancelled(signal);
    const path = this.#pathOf(key);
    if (!(await this.#isOwnFolder(dirname(path)))) return undefined;
    return describe(key, path);
  }

  async *read(key: string, { range = { start: 0 }, version, signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const path = this.#pathOf(key);
    requireRange(range, path);
    throwIfCancelled(signal);
    if (!(await this.#isOwnFolder(dirname(path)))) throw noObject(path);
    const handle = await openObject(path);
    try {
      const before = await handle.stat({ bigint: true });
      if (!before.isFile()) throw noObject(path);
      if (version !== undefined && version !== versionOf(before)) throw conflict(path);
      const end = Math.min(range.end ?? Number.POSITIVE_INFINITY, Number(before.size));
      if (range.start < end) {
        yield* handle.createReadStream({
          autoClose: false,
          start: range.start,
          end: end - 1,
          highWaterMark: 1 << 20,
          ...(signal && { signal }),
        });
      }
      if (versionOf(await handle.stat({ bigint: true })) !== versionOf(before)) throw conflict(path);
    } catch (error) {
      if (signal?.aborted && isAbortError(error)) throw interruptionOf(signal);
      throw error instanceof AppError ? error : readFailure(path, error);
    } finally {
      await handle.close();
    }
  }

  async write(key: string, content: ObjectContent, options: WriteOptions = {}): Promise<StoredObject> {
    const { only, signal } = options;
    const path = this.#pathOf(key);
    throwIfCancelled(signal);
    await this.#makeFolder(dirname(path));
    const force = only !== "absent";
    const write = async (): Promise<StoredObject> => {
      try {
        return await withChunks(content, path, async ({ chunks, sizeBytes }) => {
          const stats = await writeFileAtomic(path, chunks, { force, ...(signal && { signal }) });
          return { key, sizeBytes, version: versionOf(stats) };
        });
      } catch (error) {
        throw !force && isAppError(error, "FILE_EXISTS") ? conflict(path, options) : error;
      }
    };
    if (typeof only !== "object") return write();
    const replace = async (): Promise<StoredObject> => {
      if ((await describe(key, path))?.version !== only.version) throw conflict(path, options);
      return write();
    };
    const lock = join(dirname(path), `${reservedStart}${basename(path)}.lock`);
    return withLock(lock, replace, { onWait: () => undefined, ...(signal && { signal }) });
  }

  async delete(key: string, { signal }: StoreCallOptions = {}): Promise<void> {
    throwIfCancelled(signal);
    const path = this.#pathOf(key);
    if (!(await this.#isOwnFolder(dirname(path)))) return;
    await rm(path, { force: true }).catch((error: unknown) => {
      throw writeFailure(path, error);
    });
  }

  async close(): Promise<void> {}

  #pathOf(key: string): string {
    requireKey(key, this.#root);
    return this.addressOf(key);
  }

  async *#walk(folder: string, prefix: string, signal: AbortSignal | undefined): AsyncGenerator<StoredObject> {
    throwIfCancelled(signal);
    const path = this.addressOf(folder);
    const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
      if (systemCodeOf(error) === "ENOENT") return []; // removed meanwhile
      throw readFailure(path, error);
    });
    // With its slash a folder's name sorts as the keys below it do.
    const keys = entries
      .filter((entry) => !entry.name.startsWith(reservedStart) && (entry.isFile() || entry.isDirectory()))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}`)
      .filter((key) => key.startsWith(prefix) || (key.endsWith("/") && prefix.startsWith(key)));
    for (const key of keys.sort(byUtf8)) {
      if (key.endsWith("/")) yield* this.#walk(key, prefix, signal);
      else {
        const object = await describe(key, this.addressOf(key));
        if (object !== undefined) yield object;
      }
    }
  }

  async #makeFolder(path: string): Promise<void> {
    await ensureFolder(path);
    if (await this.#isOwnFolder(path)) return;
    throw new AppError("FILE_WRITE_FAILED", {
      required: "a folder of the store",
      received: "a symbolic link",
      where: path,
    });
  }

  /** True for a folder that is reached from the root without a symbolic link. */
  async #isOwnFolder(path: string): Promise<boolean> {
    try {
      const [root, real] = await Promise.all([realpath(this.#root), realpath(path)]);
      return real === join(root, path.slice(this.#root.length), ".");
    } catch (error) {
      if (isNowhere(error)) return false;
      throw readFailure(path, error);
    }
  }
}

/** Undefined where no file has this path. */
async function describe(key: string, path: string): Promise<StoredObject | undefined> {
  try {
    const stats = await lstat(path, { bigint: true });
    return stats.isFile() ? { key, sizeBytes: Number(stats.size), version: versionOf(stats) } : undefined;
  } catch (error) {
    if (isNowhere(error)) return undefined;
    throw readFailure(path, error);
  }
}

async function openObject(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)); // Windows has no such flag
  } catch (error) {
    throw isNowhere(error) || systemCodeOf(error) === "ELOOP" ? noObject(path) : readFailure(path, error);
  }
}

function isNowhere(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "");
}

/** The inode tells two writes within one tick of the file system's clock apart. */
function versionOf({ size, mtimeNs, ino }: BigIntStats): string {
  return `${size}-${mtimeNs}-${ino}`;
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
