/** Brings objects from a remote into the cache. */
import { join } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { missingObjects, objectPath, putObject } from "../cache/object-cache.ts";
import { type DataHash, isFolderHash, objectKeyOf } from "../data-hash.ts";
import type { Repository } from "../repo/repository.ts";
import { copyObjects } from "./copy-objects.ts";
import { distinctHashes, filesOfFolder } from "./folder-files.ts";
import type { Remote } from "./open-remote.ts";
import { incompleteTransfer, TransferCount, type TransferItem, transferAll } from "./transfer.ts";

export interface TransferOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Objects at the same time; the remote's own number unless given. */
  readonly jobs?: number;
}

export interface Transferred {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Folders' hashes stand for their files too. What the cache has is not asked for; what arrives is
 * checked by its hash. All that can be had is fetched before an error is thrown.
 * Errors: DATA_OBJECT_MISSING, DATA_OBJECT_CORRUPT, DATA_TRANSFER_INCOMPLETE, INTERRUPTED.
 */
export async function fetchObjects(
  repository: Repository,
  remote: Remote,
  hashes: readonly DataHash[],
  options: TransferOptions = {},
): Promise<Transferred> {
  const { progress = silentProgress } = options;
  const wanted = distinctHashes(hashes);
  const folders = wanted.filter(isFolderHash);
  const lists = missingObjects(repository, folders);
  const listCount = new TransferCount(silentProgress.start({ label: "lists of files", unit: "objects" }));
  await receive(repository, remote, lists, listCount, options);
  const failed = new Set(listCount.failures.map(({ hash }) => objectKeyOf(hash)));
  const files = wanted.filter((hash) => !isFolderHash(hash));
  for (const folder of folders) {
    if (!failed.has(objectKeyOf(folder))) files.push(...(await filesOfFolder(repository, folder)));
  }
  const missing = missingObjects(repository, distinctHashes(files));
  const shown = missing.length === 0 ? silentProgress : progress;
  const task = shown.start({ label: `fetch from ${remote.name}`, total: missing.length, unit: "objects" });
  const count = new TransferCount(task);
  try {
    await receive(repository, remote, missing, count, options);
    const failures = [...listCount.failures, ...count.failures];
    if (failures.length > 0) throw incompleteTransfer(failures, lists.length + missing.length, "fetched", remote);
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done();
  return { objects: listCount.objects + count.objects, bytes: listCount.bytes + count.bytes };
}

async function receive(
  repository: Repository,
  remote: Remote,
  hashes: readonly DataHash[],
  count: TransferCount,
  { signal, jobs = remote.jobs }: TransferOptions,
): Promise<void> {
  const { folder } = remote;
  // Text of DVC 2 is hashed in another way, which the cache knows.
  const copied = folder === undefined ? [] : hashes.filter(({ algorithm }) => algorithm === "md5");
  if (folder !== undefined && copied.length > 0) {
    const tasks = copied.map((hash) => ({
      from: join(folder, objectKeyOf(hash)),
      to: objectPath(repository, hash),
      md5: hash.md5.slice(0, 32),
    }));
    const onResult = (at: number, result: number | undefined | AppError): void => {
      if (result instanceof AppError) count.failed(copied[at]!, result);
      else count.done(result);
    };
    await copyObjects(tasks, { ...(signal && { signal }), onResult });
  }
  const others = folder === undefined ? hashes : hashes.filter(({ algorithm }) => algorithm !== "md5");
  const items = others.map((hash) => ({ hash, key: objectKeyOf(hash) }));
  await transferAll(items, (item) => receiveOne(repository, remote, item, signal), count, { jobs, signal });
}

async function receiveOne(
  repository: Repository,
  { store }: Remote,
  { hash, key }: TransferItem,
  signal: AbortSignal | undefined,
): Promise<number> {
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of store.read(key, signal && { signal })) {
      bytes += chunk.byteLength;
      yield chunk;
    }
  }
  try {
    await putObject(repository, hash, counted(), signal);
    return bytes;
  } catch (error) {
    const where = store.addressOf(key);
    if (isAppError(error, "FILE_NOT_FOUND")) {
      throw new AppError("DATA_OBJECT_MISSING", { required: "an object of a data version", received: "none", where });
    }
    if (!isAppError(error, "DATA_OBJECT_CORRUPT")) throw error;
    const { required, received } = error;
    throw new AppError("DATA_OBJECT_CORRUPT", {
      required,
      ...(received !== undefined && { received }),
      where,
      hint: "the remote's object is damaged: delete it there, and push it again from a machine that has the data",
    });
  }
}
