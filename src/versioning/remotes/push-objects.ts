/** Brings objects from the cache into a remote. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, lstatSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import { silentProgress } from "../../base/progress.ts";
import type { ObjectContent } from "../../storage/object-content.ts";
import { makeDurable, missingObjects, moveAside, objectPath } from "../cache/object-cache.ts";
import { type DataHash, isFolderHash, objectKeyOf } from "../data-hash.ts";
import type { Repository } from "../repo/repository.ts";
import { corruptObject } from "./copy-batch.ts";
import { copyObjects } from "./copy-objects.ts";
import type { TransferOptions, Transferred } from "./fetch-objects.ts";
import { distinctHashes, filesOfFolder } from "./folder-files.ts";
import type { Remote } from "./open-remote.ts";
import { presentObjects } from "./present-objects.ts";
import { incompleteTransfer, TransferCount, type TransferItem, transferAll } from "./transfer.ts";

/**
 * Folders' hashes stand for their files too, which go before the folder's own object, so that a
 * folder in a remote is whole. What is there with the right size is not sent again. All that can be
 * sent is, before an error is thrown.
 * Errors: DATA_OBJECT_MISSING, DATA_OBJECT_CORRUPT, DATA_TRANSFER_INCOMPLETE, STORE_FAILED, INTERRUPTED.
 */
export async function pushObjects(
  repository: Repository,
  remote: Remote,
  hashes: readonly DataHash[],
  options: TransferOptions = {},
): Promise<Transferred> {
  const { progress = silentProgress } = options;
  const wanted = distinctHashes(hashes);
  const folders = wanted.filter(isFolderHash);
  // A folder whose list is not here cannot be sent; that it is there is enough.
  const absent = new Set(missingObjects(repository, folders).map(objectKeyOf));
  const filesByFolder = new Map<DataHash, readonly DataHash[]>();
  for (const folder of folders) {
    const isHere = !absent.has(objectKeyOf(folder));
    filesByFolder.set(folder, isHere ? await filesOfFolder(repository, folder) : []);
  }
  const files = distinctHashes([
    ...wanted.filter((hash) => !isFolderHash(hash)),
    ...[...filesByFolder.values()].flat(),
  ]);
  const total = files.length + folders.length;
  const task = progress.start({ label: `push to ${remote.name}`, total, unit: "objects" });
  const count = new TransferCount(task);
  try {
    await send(repository, remote, files, count, options);
    // A folder's list may reach the disk only after the files that it names.
    if (remote.folder !== undefined && count.objects > 0) await makeDurable({ objects: remote.folder });
    const failed = new Set(count.failures.map(({ hash }) => objectKeyOf(hash)));
    const whole = folders.filter((folder) => !filesByFolder.get(folder)?.some((file) => failed.has(objectKeyOf(file))));
    await send(repository, remote, whole, count, options);
    if (count.failures.length > 0) throw incompleteTransfer(count.failures, total, "sent", remote);
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done();
  return { objects: count.objects, bytes: count.bytes };
}

async function send(
  repository: Repository,
  remote: Remote,
  hashes: readonly DataHash[],
  count: TransferCount,
  options: TransferOptions,
): Promise<void> {
  const { signal, jobs = remote.jobs } = options;
  if (remote.folder !== undefined) return sendToFolder(repository, remote.folder, hashes, count, options);
  const items = await itemsToSend(repository, remote, hashes, count, signal);
  await transferAll(items, (item) => sendOne(repository, remote, item, signal), count, { jobs, signal });
}

async function sendToFolder(
  repository: Repository,
  folder: string,
  hashes: readonly DataHash[],
  count: TransferCount,
  { signal }: TransferOptions,
): Promise<void> {
  const tasks = hashes.map((hash) => ({
    from: objectPath(repository, hash),
    to: join(folder, objectKeyOf(hash)),
    ...(hash.algorithm === "md5" && { md5: hash.md5.slice(0, 32) }),
  }));
  const damaged: string[] = [];
  const onResult = (at: number, result: number | undefined | AppError): void => {
    if (!(result instanceof AppError)) count.done(result);
    else if (isAppError(result, "DATA_OBJECT_MISSING") && existsSync(tasks[at]!.to)) count.done(undefined);
    else {
      count.failed(hashes[at]!, result);
      if (isAppError(result, "DATA_OBJECT_CORRUPT")) damaged.push(tasks[at]!.from);
    }
  };
  await copyObjects(tasks, { ...(signal && { signal }), onResult });
  for (const path of damaged) await moveAside(path);
}

/** Objects that the remote lacks or has with another size; those that nobody has are failures. */
async function itemsToSend(
  repository: Repository,
  remote: Remote,
  hashes: readonly DataHash[],
  count: TransferCount,
  signal: AbortSignal | undefined,
): Promise<readonly TransferItem[]> {
  const present = await presentObjects(remote, hashes, signal);
  throwIfCancelled(signal);
  const items: TransferItem[] = [];
  for (const hash of hashes) {
    const key = objectKeyOf(hash);
    const path = objectPath(repository, hash);
    const sizeBytes = lstatSync(path, { throwIfNoEntry: false })?.size;
    const there = present.get(key);
    if (there !== undefined && (sizeBytes === undefined || sizeBytes === there)) count.done(undefined);
    else if (sizeBytes !== undefined) items.push({ hash, key, sizeBytes });
    else
      count.failed(hash, new AppError("DATA_OBJECT_MISSING", { required: "an object", received: "none", where: path }));
  }
  return items;
}

/** Larger objects are not held in memory as a whole. */
const heldBytes = 16 * 2 ** 20;

async function sendOne(
  repository: Repository,
  { store }: Remote,
  { hash, key, sizeBytes = 0 }: TransferItem,
  signal: AbortSignal | undefined,
): Promise<number> {
  const path = objectPath(repository, hash);
  try {
    const content: ObjectContent =
      sizeBytes > heldBytes
        ? { stream: checkedStream(path, hash, signal), sizeBytes }
        : checkedBytes(await readFile(path), path, hash);
    await store.write(key, content, signal && { signal });
    return sizeBytes;
  } catch (error) {
    if (isAppError(error, "DATA_OBJECT_CORRUPT")) await moveAside(path);
    throw error instanceof AppError || systemCodeOf(error) === undefined ? error : readFailure(path, error);
  }
}

function checkedBytes(bytes: Uint8Array, path: string, hash: DataHash): Uint8Array {
  requireHash(createHash("md5").update(bytes).digest("hex"), path, hash);
  return bytes;
}

/** Throws at its end where the content is not what the hash says, before the store names it. */
async function* checkedStream(
  path: string,
  hash: DataHash,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const found = createHash("md5");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, ...(signal && { signal }) })) {
    found.update(chunk);
    yield chunk;
  }
  requireHash(found.digest("hex"), path, hash);
}

/** Text of DVC 2 is hashed in another way, and goes unchecked. */
function requireHash(found: string, path: string, { md5, algorithm }: DataHash): void {
  if (algorithm === "md5" && !md5.startsWith(found)) throw corruptObject(path, md5.slice(0, 32), found);
}
